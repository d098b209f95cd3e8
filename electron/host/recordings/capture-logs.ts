/** Lists of captures by stream: of the recording of captures that goes on there, or ended last. */
import { NO_CAPTURES, type CaptureList } from "../../../shared/capture.js";
import type { Inventory } from "../inventory.js";
import type { LiveStream } from "../streams/live-stream.js";
import type { Run } from "../streams/run.js";
import type { StartRequest } from "./begin.js";
import { CaptureLog } from "./capture-log.js";
import { planCaptures } from "./capture-plan.js";

export class CaptureLogs {
  private readonly logs = new Map<string, CaptureLog>();

  constructor(private readonly inventory: Inventory) {}

  /** A new one for a recording of captures, none for any other. The stream has it once it is put there. */
  make(
    request: StartRequest,
    stream: LiveStream,
    run: Run,
    { name, before }: { name: string; before: number },
  ): CaptureLog | undefined {
    const device = this.inventory.device(stream.device);
    const plan = planCaptures(request, stream.view.scopeTrigger(), run, device);
    return plan ? new CaptureLog(plan, run, name, before) : undefined;
  }

  /** The recording is there: what was listed of the one before goes. */
  put(stream: string, log: CaptureLog | undefined): void {
    if (log) this.logs.set(stream, log);
    else this.logs.delete(stream);
  }

  rename(stream: string, name: string): void {
    this.logs.get(stream)?.rename(name);
  }

  /** A recording that lies in the folder got another name. */
  follow(from: string, name: string): void {
    for (const log of this.logs.values()) log.rename(name, from);
  }

  list(stream: string, from: number): CaptureList {
    return this.logs.get(stream)?.list(from) ?? { ...NO_CAPTURES, from };
  }
}
