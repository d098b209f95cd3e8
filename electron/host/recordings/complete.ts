/**
 * Writes a recording's metadata from its facts and its journal: while it runs, at its end, and after a crash. One
 * function for all three.
 */
import { createHash } from "node:crypto";
import type { StudioError } from "../../../shared/errors.js";
import { fitSummary, type JournalSummary } from "../../../shared/journal-summary.js";
import {
  buildCollection,
  buildMetadata,
  metadataText,
  type MetadataState,
} from "../../../shared/sigmf/metadata.js";
import type { RecordingFacts } from "../../../shared/sigmf/types.js";
import { writeAtomically } from "../json-file.js";
import { recordingPaths } from "./names.js";

export interface CompletionState {
  /** Of what counts as recorded … */
  journal: JournalSummary;
  /** … or, where files differ (the program was killed), of all there is: by output the scans that its file holds. */
  samples?: readonly number[] | null;
  status: MetadataState["status"];
  error?: StudioError | null;
  /** By output, once known. */
  sha512?: readonly (string | undefined)[];
  /** Base name now. */
  name: string;
}

/** Each file whole and atomically; the collection last, since it holds the hashes of the others. */
export async function writeMetadata(
  folder: string,
  facts: RecordingFacts,
  state: CompletionState,
): Promise<void> {
  const paths = recordingPaths(folder, state.name);
  const hashes: { suffix: string; sha512OfMeta: string }[] = [];
  for (const [index, output] of facts.outputs.entries()) {
    const sha512 = state.sha512?.[index];
    const samples = state.samples?.[index];
    const text = metadataText(
      buildMetadata(facts, output, {
        journal: samples === undefined ? state.journal : fitSummary(state.journal, samples),
        status: state.status,
        name: state.name,
        ...(state.error ? { error: state.error } : {}),
        ...(sha512 === undefined ? {} : { sha512 }),
      }),
    );
    await writeAtomically(paths.meta(output), text);
    const sha512OfMeta = createHash("sha512").update(text).digest("hex");
    hashes.push({ suffix: output.suffix, sha512OfMeta });
  }
  if (facts.outputs.length > 1) {
    const collection = buildCollection(facts, hashes, { journal: state.journal, name: state.name });
    await writeAtomically(paths.collection, metadataText(collection));
  }
}
