/** What a scan of a run takes on the disk. */
import { planRecording } from "../../../shared/sigmf/plan.js";
import type { Run } from "../streams/run.js";

/** In all files of its recording. */
export function recordedScanBytes({ layout, deviceAtStart }: Run, raw = false): number {
  const enabled = new Set(layout.elements.map(({ channel }) => channel));
  const pairs = deviceAtStart.pairs.filter(({ i, q }) => enabled.has(i) && enabled.has(q));
  const { outputs } = planRecording({ layout, pairs, raw });
  return outputs.reduce((sum, { scanBytes }) => sum + scanBytes, 0);
}
