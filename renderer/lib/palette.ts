/** What the palette finds: commands, devices, recordings; best match first. */

export interface PaletteEntry {
  id: string;
  title: string;
  /** Quiet words: the category, a device's context. */
  detail: string;
  keys: string;
  /** Why it cannot act now. */
  blocked: string | null;
  run: () => unknown;
}

/**
 * How well `query` fits: every word must be found. The start of the title counts most, then the start of a word, then
 * anywhere; null where a word is not found at all.
 */
export function fit(entry: Pick<PaletteEntry, "title" | "detail">, query: string): number | null {
  const title = entry.title.toLowerCase();
  const all = `${title} ${entry.detail.toLowerCase()}`;
  let score = 0;
  for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = all.indexOf(word);
    if (at < 0) return null;
    const startsWord = at === 0 || /[^a-z0-9]/.test(all[at - 1]!);
    score += at === 0 ? 4 : startsWord && at < title.length ? 3 : at < title.length ? 2 : 1;
  }
  return score;
}

export function findEntries(entries: PaletteEntry[], query: string): PaletteEntry[] {
  return entries
    .map((entry, at) => ({ entry, at, score: fit(entry, query) }))
    .filter((found): found is typeof found & { score: number } => found.score !== null)
    .sort(
      (a, b) =>
        b.score - a.score ||
        Number(a.entry.blocked !== null) - Number(b.entry.blocked !== null) ||
        a.at - b.at,
    )
    .map(({ entry }) => entry);
}
