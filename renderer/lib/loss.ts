/** What the status bar says of loss: exactly as much as is known. */
import { formatDuration, plural } from "../../shared/figures.js";
import type { Continuity, StreamSettings } from "../../shared/stream.js";

export interface LossVerdict {
  tone: "quiet" | "gap";
  text: string;
  /** What makes it known, or what would help; may be left out where room is short. */
  note: string;
}

export interface LossFacts {
  continuity: Continuity;
  scans: number;
  rateHz: number | null;
  /** What counts the scans, if anything does. */
  counted: "timestamps" | "counter" | "simulator" | null;
  /** Transfers that failed: their blocks are gaps that no reserve helps against. */
  failedBlocks?: number;
}

const COUNTED = {
  timestamps: "by timestamps",
  counter: "by the counter channel",
  simulator: "the simulator counts",
} as const;

/** "never ran dry", "3 possible gaps, ≤ 1.2 ms", "2 gaps, 4,096 scans lost", "loss cannot be known". Never a 0 nobody can prove. */
export function lossVerdict(facts: LossFacts): LossVerdict {
  const verdict = verdictOf(facts);
  const { failedBlocks = 0 } = facts;
  if (failedBlocks === 0) return verdict;
  const failed = `${plural(failedBlocks, "transfer")} failed`;
  const rest = facts.continuity.gaps > failedBlocks ? `; ${verdict.note}` : "";
  return { ...verdict, tone: "gap", note: `${failed}${rest}` };
}

function verdictOf(facts: LossFacts): LossVerdict {
  const { continuity } = facts;
  switch (continuity.grade) {
    case "exact":
      return exactVerdict(facts);
    case "estimated":
      if (continuity.gaps === 0) return { tone: "quiet", text: "never ran dry", note: "" };
      return {
        tone: "gap",
        text: `${plural(continuity.gaps, "possible gap")}${bound(facts)}`,
        note: "the queue ran dry; a larger reserve helps",
      };
    case "unknown":
      if (continuity.gaps === 0) return { tone: "quiet", text: "loss cannot be known", note: "" };
      return {
        tone: "gap",
        text: `${plural(continuity.gaps, "gap")}, length cannot be known`,
        note: "a larger reserve helps",
      };
  }
}

function exactVerdict({ continuity, scans, counted }: LossFacts): LossVerdict {
  const note = counted ? COUNTED[counted] : "";
  if (continuity.gaps === 0) {
    return { tone: "quiet", text: `no gap in ${plural(scans, "scan")}`, note };
  }
  return {
    tone: "gap",
    text: `${plural(continuity.gaps, "gap")}, ${plural(continuity.lost, "scan")} lost`,
    note: note ? `${note}; a larger reserve helps` : "a larger reserve helps",
  };
}

function bound({ continuity, rateHz }: LossFacts): string {
  if (continuity.lostMax === null) return ", length not bounded";
  if (!rateHz) return `, ≤ ${plural(continuity.lostMax, "scan")}`;
  return `, ≤ ${formatDuration(continuity.lostMax / rateHz)}`;
}

/** What counts the scans of a stream, by its settings. */
export function countedBy(settings: StreamSettings, simulated: boolean): LossFacts["counted"] {
  if (settings.counter.length > 0) return "counter";
  if (settings.channels.includes("timestamp")) return "timestamps";
  return simulated ? "simulator" : null;
}
