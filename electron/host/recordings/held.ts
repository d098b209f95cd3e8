/** How much of a recording in parts there was, those parts too that its ring has deleted. Pure. */
import { count, isObject, number } from "../../../shared/sigmf/fields.js";
import type { SigmfObject } from "../../../shared/sigmf/types.js";

export interface Held {
  samples: number;
  seconds: number;
  captures: number;
}

export interface DeletedParts extends Held {
  /** Number of the last of them. One before it that is not kept was deleted, or was to be: it is counted here. */
  through: number;
}

export const NONE_DELETED: DeletedParts = { through: 0, samples: 0, seconds: 0, captures: 0 };

export interface CountedPart {
  /** Base name. */
  name: string;
  number: number;
}

/** `kept`: base names. */
export function isDeleted(
  { name, number: at }: CountedPart,
  { deleted, kept }: { deleted: DeletedParts; kept: ReadonlySet<string> },
): boolean {
  return at <= deleted.through && !kept.has(name);
}

/** One of which some may be left was counted before. */
export function addDeleted(deleted: DeletedParts, part: CountedPart & Held): DeletedParts {
  if (part.number <= deleted.through) return deleted;
  return { through: part.number, ...addHeld(deleted, part) };
}

function addHeld(a: Held, b: Held): Held {
  return {
    samples: a.samples + b.samples,
    seconds: a.seconds + b.seconds,
    captures: a.captures + b.captures,
  };
}

/** All of it. */
export function heldIn({
  parts,
  deleted,
  kept,
}: {
  parts: readonly (CountedPart & Held)[];
  deleted: DeletedParts;
  kept: readonly string[];
}): Held {
  const stays = new Set(kept);
  return parts
    .filter((part) => !isDeleted(part, { deleted, kept: stays }))
    .reduce<Held>(addHeld, deleted);
}

/** `iio:deleted` of a collection, which may be anything. */
export function deletedIn(collection: SigmfObject): DeletedParts {
  const json = collection["iio:deleted"];
  if (!isObject(json)) return NONE_DELETED;
  return {
    through: count(json["through"]) ?? 0,
    samples: count(json["samples"]) ?? 0,
    seconds: Math.max(0, number(json["seconds"]) ?? 0),
    captures: count(json["captures"]) ?? 0,
  };
}
