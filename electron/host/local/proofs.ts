/**
 * For which devices memory of udmabuf is proven: a run in which every block that came back had been written everywhere.
 * A DMA engine that needs bounce buffers would leave stale bytes there without an error, so `auto` takes udmabuf for
 * proven devices only. What was proven holds for one driver name on one kernel.
 */
import { join } from "node:path";
import * as v from "valibot";
import type { NativeCounters } from "../../../native/addon.js";
import { JsonFile, type JsonFileFault } from "../json-file.js";
import { kernelName } from "./facts.js";

const stored = v.object({ udmabuf: v.array(v.object({ device: v.string(), kernel: v.string() })) });

/** Fewer blocks than this prove nothing: the first ones may lie where no bouncing is needed. */
const BLOCKS_AT_LEAST = 4;

type Stored = v.InferOutput<typeof stored>;

export class UdmabufProofs {
  private readonly proven = new Set<string>();
  private saving: Promise<void> = Promise.resolve();
  private readonly file: JsonFile<Stored> | null;

  /** Without a folder they hold until the program ends. */
  constructor(
    configDir: string | undefined,
    onFault: (fault: JsonFileFault) => void = () => {},
    private readonly kernel = kernelName(),
  ) {
    this.file =
      configDir === undefined
        ? null
        : new JsonFile(
            join(configDir, "udmabuf-proofs.json"),
            (value) => v.parse(stored, value),
            onFault,
          );
  }

  async load(): Promise<void> {
    const { udmabuf } = (await this.file?.read()) ?? { udmabuf: [] };
    for (const { device, kernel } of udmabuf) if (kernel === this.kernel) this.proven.add(device);
  }

  has(device: string): boolean {
    return this.proven.has(device);
  }

  /** After a run over udmabuf. Answers whether it proved what was not known before. */
  learn(device: string, overwritten: NativeCounters["overwritten"]): boolean {
    if (!overwritten || overwritten.staleBytes > 0) return this.forget(device, overwritten);
    if (this.proven.has(device) || overwritten.blocks < BLOCKS_AT_LEAST) return false;
    this.proven.add(device);
    this.save(device, true);
    return true;
  }

  private forget(device: string, overwritten: NativeCounters["overwritten"]): boolean {
    if (!overwritten || !this.proven.delete(device)) return false;
    this.save(device, false);
    return true;
  }

  /** One change to what is in the file by now: of other kernels, and of other programs, all stays. */
  private save(device: string, isProven: boolean): void {
    const { file, kernel } = this;
    if (!file) return;
    this.saving = this.saving.then(async () => {
      const { udmabuf } = (await file.read()) ?? { udmabuf: [] };
      const others = udmabuf.filter((one) => one.device !== device || one.kernel !== kernel);
      const all = isProven ? [...others, { device, kernel }] : others;
      await file.write({ udmabuf: all.sort((a, b) => (a.device < b.device ? -1 : 1)) });
    });
  }
}
