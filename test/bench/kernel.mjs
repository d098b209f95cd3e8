// In the test kernel: the studio's pool against C loops that do the same ioctls, a pool of thousands of blocks, and the
// recorder over DMABUF against plain writes to the same disk.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";
import { median } from "./report.mjs";

export async function benchKernel(_addon, report, _folder, root) {
  const script = join(root, "test", "kernel", "bench.mjs");
  if (!existsSync(script)) throw new Error("test/kernel/bench.mjs is missing");
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  const rows = new Map();
  let rest = "";
  child.stdout.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("ROW ")) {
        const row = JSON.parse(line.slice(4));
        const key = `${row.what}, ${row.against}`;
        rows.set(key, [...(rows.get(key) ?? []), row]);
      } else {
        report.note(line);
      }
    }
  });
  const code = await new Promise((done) => child.once("exit", done));
  for (const boots of rows.values()) report.add(ofBoots(boots));
  if (code !== 0) throw new Error(`the test kernel ended with ${code}`);
}

/** Medians of what several boots found, each figure for itself; with how far the ratios went. */
function ofBoots(boots) {
  const [row] = boots;
  if (boots.length === 1 || row.ratio === undefined) return row;
  const ratios = boots.map(({ ratio }) => ratio);
  const range = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  return {
    ...row,
    value: median(boots.map(({ value }) => value)),
    ratio: median(ratios),
    against: `${row.against}, median of ${boots.length} boots, ${range.join(" to ")}`,
  };
}
