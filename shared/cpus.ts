/** CPUs as people and the kernel write them: `2,3`, `0-3`, `0-2,7`. */

/** Numbers beyond are none of any machine. */
export const CPU_LIMIT = 1024;

/** Ascending, each once; null if it is no such list. Empty text is an empty list. */
export function parseCpus(text: string): number[] | null {
  const cpus = new Set<number>();
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "" && text.trim() === "") break;
    const match = /^(\d{1,4})(?:\s*-\s*(\d{1,4}))?$/.exec(part);
    if (!match) return null;
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first || last >= CPU_LIMIT) return null;
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return [...cpus].sort((a, b) => a - b);
}

/** `0-2,7` */
export function formatCpus(cpus: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < cpus.length;) {
    let end = i;
    while (cpus[end + 1] === (cpus[end] as number) + 1) end++;
    parts.push(end > i ? `${cpus[i]}-${cpus[end]}` : `${cpus[i]}`);
    i = end + 1;
  }
  return parts.join(",");
}
