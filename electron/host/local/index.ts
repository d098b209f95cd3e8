/** The Local context and its doctor, as the host makes them. */
import type { Context, LocalOptions } from "../context.js";
import { LocalContext } from "./context.js";
import { UdmabufProofs } from "./proofs.js";

export { runDoctor } from "../doctor/index.js";

/** Resolves after the first enumeration, or after `firstLookMs` (3 s): what was not read by then comes as changes. */
export async function createLocalContext(options: LocalOptions): Promise<Context> {
  const proofs = new UdmabufProofs(options.configDir, options.onFault);
  await proofs.load();
  const context = new LocalContext(options.addon, options.roots, options.firstLookMs, proofs);
  await context.start();
  return context;
}
