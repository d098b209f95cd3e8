// npm run --silent cli -- COMMAND: brings the checkout up to date (quietly when nothing changed) and runs the command.
import { at } from "./paths.mjs";
import { ensureReady } from "./setup.mjs";
import { main } from "./say.mjs";

await main(async () => {
  if (!process.env.IIO_STUDIO_BUILT) await ensureReady();
  await import(at("dist", "cli", "cli.js"));
});
