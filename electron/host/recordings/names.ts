/** Names and files of a recording. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "../../../shared/errors.js";
import type { PlannedOutput } from "../../../shared/sigmf/types.js";

export const DATA = ".sigmf-data";
export const META = ".sigmf-meta";
export const COLLECTION = ".sigmf-collection";
export const JOURNAL = ".iio-journal";
/** The side index of a data file (docs/index.md): disposable, so that it takes no name. */
export const INDEX = ".iio-index";
/** Bytes of a scan that was being written when the program or the machine stopped. */
export const REST = ".iio-rest";

/** Without the ending of a file that belongs to a recording. */
export function baseOf(path: string): string {
  return path.replace(/\.(sigmf-(meta|data|collection)|iio-(journal|index))$/, "");
}

/** What file systems allow, less room for suffixes. */
const NAME_BYTES = 200;

export interface RecordingPaths {
  data(output: Pick<PlannedOutput, "suffix">): string;
  meta(output: Pick<PlannedOutput, "suffix">): string;
  rest(output: Pick<PlannedOutput, "suffix">): string;
  index(output: Pick<PlannedOutput, "suffix">): string;
  collection: string;
  journal: string;
}

export function recordingPaths(folder: string, name: string): RecordingPaths {
  return {
    data: ({ suffix }) => join(folder, `${name}${suffix}${DATA}`),
    meta: ({ suffix }) => join(folder, `${name}${suffix}${META}`),
    rest: ({ suffix }) => join(folder, `${name}${suffix}${REST}`),
    index: ({ suffix }) => join(folder, `${name}${suffix}${INDEX}`),
    collection: join(folder, `${name}${COLLECTION}`),
    journal: join(folder, `${name}${JOURNAL}`),
  };
}

/** Throws BAD_REQUEST with the field; a name must stay within its folder and be one that every tool can open. */
export function checkName(name: string, field = "name"): string {
  const refuse = (why: string) => fail("BAD_REQUEST", why, { field });
  if (/[/\\\u0000-\u001f\u007f]/.test(name)) {
    throw refuse("A recording's name can't hold slashes or control characters. Choose another.");
  }
  if (name.startsWith(".") || name.trim() !== name || name === "") {
    throw refuse("A recording's name can't begin with a dot or a space. Choose another.");
  }
  if (Buffer.byteLength(name) > NAME_BYTES) {
    throw refuse(`A recording's name is at most ${NAME_BYTES} bytes long. Choose a shorter one.`);
  }
  return name;
}

/** Whether a name that stands in a file can be that of a recording beside it: others are never followed. */
export function isName(name: string): boolean {
  try {
    checkName(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Base name of the recording that a file of that base name belongs to, by the `core:collection` in its metadata: its own
 * where that can't be the name of a recording with such a file.
 */
export function ownerOf(base: string, collection: unknown): string {
  if (typeof collection !== "string" || !isName(collection)) return base;
  return base.startsWith(`${collection}-`) ? collection : base;
}

/** A fault of a collection: what it names is not followed. */
export function notBeside(collection: string, member: string): string {
  return `${collection}: “${member}” in its collection can't be a recording beside it, so nothing of that name was read.`;
}

/** Suffixes of the files a recording consists of; none as long as they are not known. */
export type NamedOutputs = readonly Pick<PlannedOutput, "suffix">[];

/** Base names that a recording's files carry: its journal and collection the first, each output its own. */
export function baseNames(name: string, outputs: NamedOutputs): string[] {
  return [...new Set([name, ...outputs.map(({ suffix }) => name + suffix)])];
}

/** What else is taken beside files. */
interface Promised {
  has(base: string): boolean;
}

/** Fills the pattern; if the name is taken, a number follows (or fills `{n}`). */
export async function nameFromPattern(
  pattern: string,
  folder: string,
  device: string,
  now: Date,
  promised: Promised = new Set<string>(),
): Promise<string> {
  const taken = await takenNames(folder);
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}-${two(now.getMinutes())}-${two(now.getSeconds())}`;
  const safeDevice = device.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[-.]+/, "") || "device";
  const fill = (n: string): string =>
    pattern
      .replaceAll("{device}", safeDevice)
      .replaceAll("{date}", date)
      .replaceAll("{time}", time)
      .replaceAll("{n}", n);
  const counts = pattern.includes("{n}");
  for (let n = 1; ; n++) {
    const name = counts ? fill(String(n)) : n === 1 ? fill("") : `${fill("")}-${n}`;
    if (!taken.has(name) && !promised.has(name)) return checkName(name);
  }
}

/** Throws EEXIST if a file of any part of this recording is there already, or promised. Answers the base names. */
export async function checkFree(
  folder: string,
  name: string,
  also: { outputs?: NamedOutputs; promised?: Promised; field?: string | undefined } = {},
): Promise<string[]> {
  const { outputs = [], promised, field = "name" } = also;
  const bases = baseNames(name, outputs);
  for (const base of bases) {
    // Others may be promised it while the folder is asked.
    const taken = await isTaken(folder, base);
    if (taken || promised?.has(base)) throw nameTaken(folder, name, base, field);
  }
  return bases;
}

/** `found`: base name of the file that stands in the way. */
export function nameTaken(folder: string, name: string, found: string, field = "name"): Error {
  const beside = found === name ? "" : `, which “${name}” would need for a file of its own`;
  return fail(
    "EEXIST",
    `There is a recording named “${found}” already${beside}. Choose another name.`,
    { field, errno: 17, path: join(folder, found) },
  );
}

/** Of the files that take a name. */
const TAKING = [DATA, META, COLLECTION, JOURNAL, REST];

/** Without a look at all else that lies there: of one in parts there are thousands of files. */
async function isTaken(folder: string, base: string): Promise<boolean> {
  const there = await Promise.all(
    TAKING.map((ending) =>
      lstat(join(folder, base + ending)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return there.includes(true);
}

/** Base names that stand in a folder, those of a collection's parts too. */
async function takenNames(folder: string): Promise<Set<string>> {
  const files = await readdir(folder).catch(() => [] as string[]);
  return new Set(
    files.flatMap((file) => {
      const ending = TAKING.find((one) => file.endsWith(one));
      return ending ? [file.slice(0, -ending.length)] : [];
    }),
  );
}
