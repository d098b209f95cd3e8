// The recorder against the best plain O_DIRECT write that the same disk takes, in turns: a native program of its own, so
// that nothing but the way to the disk is measured.
import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";

const MEBIBYTES = 1024;
const ROUNDS = 3;

export async function benchDisk(_addon, report, folder, root) {
  execFileSync("make", ["-s", "-j2", "-C", join(root, "native"), "recorder-bench"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const program = join(root, "native", "build", "release", "recorder-bench");
  const child = spawn(program, [folder, `${MEBIBYTES}`, `${ROUNDS}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("ROW ")) report.add(JSON.parse(line.slice(4)));
      else report.note(line.replace(/^NOTE /, ""));
    }
  });
  const code = await new Promise((done) => child.once("close", done));
  if (code !== 0) throw new Error(`the recorder's bench ended with ${code}`);
}
