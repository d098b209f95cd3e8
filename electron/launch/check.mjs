// npm run check: types, lint, format. Fast; run before a commit.
import { at } from "./paths.mjs";
import { run } from "./run.mjs";
import { main, step } from "./say.mjs";
import { ensurePackages } from "./setup.mjs";

const bin = (name) => at("node_modules", ".bin", name);

export const CHECKS = [
  { name: "types", command: bin("vue-tsc"), args: ["-b", "--pretty", "false"] },
  { name: "lint", command: bin("eslint"), args: [".", "--max-warnings", "0"] },
  { name: "format", command: bin("prettier"), args: ["--check", "--log-level", "warn", "."] },
];

/** Runs the checks; answers the names of those that failed. */
export async function check(report = step) {
  const failed = [];
  for (const { name, command, args } of CHECKS) {
    const { code, output } = await run(command, args, { capture: true });
    report(`${name}: ${code === 0 ? "good" : "failed"}`);
    if (code !== 0) {
      process.stderr.write(`${output}\n`);
      failed.push(name);
    }
  }
  return failed;
}

if (process.argv[1] === import.meta.filename || process.argv[1]?.endsWith("check.mjs")) {
  await main(async () => {
    await ensurePackages();
    return (await check()).length === 0 ? 0 : 1;
  });
}
