// In the test kernel: the studio's pool against C loops that do the same ioctls, a pool of thousands of blocks, and the
// recorder over DMABUF against plain writes to the same disk.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node:child_process";

export async function benchKernel(_addon, report, _folder, root) {
  const script = join(root, "test", "kernel", "bench.mjs");
  if (!existsSync(script)) throw new Error("test/kernel/bench.mjs is missing");
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
  let rest = "";
  child.stdout.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("ROW ")) report.add(JSON.parse(line.slice(4)));
      else report.note(line);
    }
  });
  const code = await new Promise((done) => child.once("exit", done));
  if (code !== 0) throw new Error(`the test kernel ended with ${code}`);
}
