/** What a recording can say of loss: what the stream could prove, as its journal tells, and the gaps. */
import { continuityOf, counterGivenUp, soundCaptures } from "../journal-summary.js";
import type { JournalSummary } from "../journal-summary.js";
import type { Continuity, Grade } from "../stream.js";
import type { RecordingFacts, SigmfObject } from "./types.js";

type Told = Pick<JournalSummary, "captures" | "proofs">;

/** What can be known of loss as long as no gap was seen, and by what. */
export function continuityBase(
  facts: RecordingFacts,
  journal: Pick<JournalSummary, "proofs">,
): { grade: Grade; evidence: string } {
  const proof = journal.proofs.at(-1);
  if (!proof) return { grade: "unknown", evidence: "the journal does not tell" };
  const { grade } = proof;
  const counter = facts.counter.join(", ");
  if (proof.evidence === "counter") return { grade, evidence: `counter in ${counter}` };
  const evidence =
    proof.evidence === "timestamps"
      ? "timestamps, steps over 1.5 periods"
      : transportEvidence(facts, grade);
  if (!counterGivenUp(journal)) return { grade, evidence };
  return { grade, evidence: `${evidence} (${counter} does not count scans and was given up)` };
}

function transportEvidence({ transport, rateHz }: RecordingFacts, grade: Grade): string {
  switch (transport.kind) {
    case "simulator":
      return "the simulator counts what it loses";
    case "replay":
      return "the recording replayed says what it lost";
    case "dmabuf":
      if (grade === "unknown" && rateHz === null) return "the rate is not known";
      return "times at which the queue of blocks ran dry";
    case "read":
      if (grade === "unknown") return "read() does not tell";
      return "times at which both halves of the kernel's buffer were full";
  }
}

export function continuityOfRecording(facts: RecordingFacts, journal: Told): Continuity {
  return continuityOf(soundCaptures(journal), continuityBase(facts, journal).grade);
}

/** `iio:continuity`. */
export function continuityFields(facts: RecordingFacts, journal: Told): SigmfObject {
  const verdict = continuityOfRecording(facts, journal);
  const unprovable = verdict.grade === "unknown";
  return {
    grade: verdict.grade,
    evidence: continuityBase(facts, journal).evidence,
    gaps: verdict.gaps,
    lost: unprovable ? null : verdict.lost,
    lost_min: verdict.lostMin,
    lost_max: unprovable ? null : verdict.lostMax,
  };
}
