/** Which samples of a data file differ from their CRC32C: by the journal's segments, and by the strips of the side index. */
import { plural } from "../figures.js";

/** A run of samples of a data file. */
export interface SampleRun {
  sample: number;
  scanCount: number;
}

/** A side index (docs/index.md) as found beside its data file. */
export interface FoundIndex {
  name: string;
  /** Why it, or what stands behind its strips, says nothing: the end of a sentence. null: all is well. */
  fault: string | null;
  strips: number;
  /** Samples that its strips cover. */
  covers: number;
  /** Strips whose CRC32C differs from the data's. */
  wrong: SampleRun[];
}

/** What else is known of the data. */
export interface Known {
  /** By the metadata; null if they do not say. */
  samples: number | null;
  /** By the journal: segments that differ, and up to which sample they were compared. */
  journal: { wrongSegments?: SampleRun[]; compared?: number } | null;
}

const NEXT_STEP = "Open the recording to have a new one made from the data, or remove it.";
const MOST_DAMAGES = 20;

/**
 * Strip by strip. Where the journal says that the data are right, a strip that differs is the index's own fault; where
 * it says that they are not, it says so more narrowly.
 */
export function checkIndex(
  index: FoundIndex,
  { samples, journal }: Known,
  { faults, checked, notes }: { faults: string[]; checked: string[]; notes: string[] },
): void {
  const { name, fault, strips, covers, wrong } = index;
  if (fault !== null) notes.push(`${name}: the side index does not serve: ${fault}. ${NEXT_STEP}`);
  if (strips === 0) return;
  checked.push(`${name}: CRC32C of ${plural(strips, "strip")}`);
  const { wrongSegments, compared = 0 } = journal ?? {};
  const left = without(wrong, wrongSegments ?? []);
  const isOwn = (run: SampleRun): boolean =>
    wrongSegments !== undefined && run.sample + run.scanCount <= compared;
  const own = left.filter(isOwn);
  const damaged = left.filter((run) => !isOwn(run));
  if (own.length > 0)
    notes.push(
      `${name}: ${own.length} of ${plural(strips, "strip")} ${own.length === 1 ? "has" : "have"} another CRC32C in the side index than in the data, which are right by the journal. ${NEXT_STEP}`,
    );
  if (damaged.length === strips && strips > 1)
    faults.push(
      `${name}: no strip has the CRC32C that the side index tells: the data are damaged throughout, or it belongs to others. Compare them with a copy.`,
    );
  else faults.push(...damageFaults(name, damaged));
  if (fault === null && samples !== null && covers < samples)
    notes.push(
      `${name}: the side index covers the first ${covers} of ${samples} samples. Open the recording to have it completed.`,
    );
}

/** Those that none of `others` lies over. Both in the order of their samples. */
function without(runs: readonly SampleRun[], others: readonly SampleRun[]): SampleRun[] {
  const end = (run: SampleRun): number => run.sample + run.scanCount;
  let at = 0;
  return runs.filter((run) => {
    while (at < others.length && end(others[at]!) <= run.sample) at++;
    return at === others.length || others[at]!.sample >= end(run);
  });
}

/** Neighbours as one. */
export function damageFaults(name: string, runs: readonly SampleRun[]): string[] {
  const joined: SampleRun[] = [];
  for (const { sample, scanCount } of runs) {
    const last = joined.at(-1);
    if (last && last.sample + last.scanCount === sample) last.scanCount += scanCount;
    else joined.push({ sample, scanCount });
  }
  const faults = joined
    .slice(0, MOST_DAMAGES)
    .map(
      ({ sample, scanCount }) =>
        `${name}: the data of samples ${sample} to ${sample + scanCount - 1} differ from their CRC32C.`,
    );
  if (joined.length > MOST_DAMAGES)
    faults.push(`${name}: ${joined.length} runs of samples in all differ from their CRC32C.`);
  return faults;
}
