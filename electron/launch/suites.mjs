// The suites of `npm test`. Each answers how many tests passed, failed and were skipped, why, and which
// ones failed.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureApt, isRoot } from "./apt.mjs";
import { check, CHECKS } from "./check.mjs";
import { at, CACHE } from "./paths.mjs";
import { run } from "./run.mjs";
import { say } from "./say.mjs";

/**
 * @typedef {{passed: number, failed: number, skipped: number, reasons: string[], failures: string[]}} Result
 */

const result = (passed, failed, skipped = 0, reasons = [], failures = []) => ({
  passed,
  failed,
  skipped,
  reasons,
  failures,
});
/** What a suite ends with, and all of them. */
export const countLine = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

const firstLine = (text) => text.split("\n", 1)[0];
const skipped = (reason) => result(0, 0, 1, [reason]);

async function checks() {
  const failed = await check(() => undefined);
  return result(CHECKS.length - failed.length, failed.length, 0, failed, failed.map(firstLine));
}

/** Counts out of vitest's JSON report. */
export function countVitest(report) {
  const reasons = report.testResults
    .filter((file) => file.status === "failed" && file.assertionResults.length === 0)
    .map((file) => `${file.name}: ${file.message}`);
  const skippedNames = report.testResults.flatMap((file) =>
    file.assertionResults.filter((test) => test.status === "skipped" || test.status === "pending"),
  );
  return result(
    report.numPassedTests,
    report.numFailedTests + reasons.length,
    skippedNames.length,
    reasons.concat(skippedNames.map((test) => `skipped: ${test.fullName}`)),
    reasons
      .map(firstLine)
      .concat(
        report.testResults.flatMap((file) =>
          file.assertionResults
            .filter((test) => test.status === "failed")
            .map((test) => `${test.fullName}: ${firstLine(test.failureMessages?.[0] ?? "")}`),
        ),
      ),
  );
}

async function vitest(name, args) {
  const file = join(CACHE, "reports", `${name}.json`);
  mkdirSync(join(CACHE, "reports"), { recursive: true });
  rmSync(file, { force: true });
  const { code } = await run(at("node_modules", ".bin", "vitest"), [
    "run",
    ...args,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  if (!existsSync(file)) return result(0, 1, 0, [`vitest ended with ${code} and no report`]);
  const counted = countVitest(JSON.parse(readFileSync(file, "utf8")));
  if (code !== 0 && counted.failed === 0) {
    counted.failed = 1;
    counted.reasons.push(`vitest ended with ${code} (an error outside a test)`);
  }
  return counted;
}

/** doctest ends with "test cases: N | N passed | N failed | N skipped". */
export function countDoctest(output) {
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  const match =
    /test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed(?:\s*\|\s*(\d+) skipped)?/.exec(
      plain,
    );
  if (!match) return null;
  const failures = plain
    .split(/^TEST CASE:\s*/m)
    .slice(1)
    .filter((part) => / ERROR: /.test(part))
    .map((part) => `${firstLine(part)}: ${/\w[^/\n]* ERROR: .*/.exec(part)[0]}`);
  return result(Number(match[2]), Number(match[3]), Number(match[4] ?? 0), [], failures);
}

/** `ensure` and `exec` are replaced in tests, here and below. */
export async function native(sanitizer, { ensure = ensureApt, exec = run } = {}) {
  const missing = await ensure("native");
  if (missing) return skipped(missing);
  const { code, output } = await exec("make", ["-s", "-j2", "-C", "native", `test-${sanitizer}`], {
    capture: true,
    onLine: (line) => /^\[doctest\]|ERROR|error|SUMMARY/.test(line) && say(`  ${line}`),
  });
  const counted = countDoctest(output);
  if (!counted || (code !== 0 && counted.failed === 0)) {
    return result(counted?.passed ?? 0, 1, 0, [output.slice(-3000)]);
  }
  for (const match of output.matchAll(/SKIPPED: (.*)/g)) {
    counted.skipped++;
    counted.passed--;
    counted.reasons.push(match[1]);
  }
  return counted;
}

export async function browser(name, args, { ensure = ensureApt } = {}) {
  const missing = await ensure("browser");
  return missing ? skipped(missing) : vitest(name, args);
}

async function integration() {
  const missing = await ensureApt("readers");
  const counted = await vitest("integration", ["--project", "integration"]);
  if (missing) counted.reasons.push(missing);
  return counted;
}

/** The kernel suite prints "N passed, N failed, N skipped" as its last such line. As root, not to run is a failure. */
export async function kernel({ root = isRoot(), exec = run } = {}) {
  if (!existsSync(at("test", "kernel", "test.mjs")))
    return result(0, 1, 0, ["the suite is missing"]);
  const { code, output } = await exec(process.execPath, [at("test", "kernel", "test.mjs")], {
    onLine: (line) => say(`  ${line}`),
  });
  const lines = [...output.matchAll(/(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/g)];
  const last = lines.at(-1);
  const cannot = /^cannot run: (.*)$/m.exec(output);
  if (cannot && !root) return skipped(cannot[1]);
  if (!last) return result(0, 1, 0, [`the kernel suite did not run (it ended with ${code})`]);
  const counted = result(Number(last[1]), Number(last[2]), Number(last[3] ?? 0));
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  counted.failures = [...output.matchAll(/not ok (.*)/g)].map((match) => match[1]);
  return counted;
}

export const SUITES = [
  { name: "checks", title: "types, lint, format", run: checks },
  { name: "unit", title: "unit", run: () => vitest("unit", ["--project", "unit"]) },
  {
    name: "native-address",
    title: "native core, address and undefined sanitizers",
    run: () => native("address"),
  },
  { name: "native-thread", title: "native core, thread sanitizer", run: () => native("thread") },
  { name: "integration", title: "host integration", run: integration },
  {
    name: "contract",
    title: "contract over all doors",
    run: () => vitest("contract", ["--project", "contract"]),
  },
  {
    name: "component",
    title: "components in Chromium",
    run: () => browser("component", ["--config", "test/component/vitest.config.ts"]),
  },
  {
    name: "e2e",
    title: "end to end in Chromium",
    run: () => browser("e2e", ["--config", "test/e2e/vitest.config.ts"]),
  },
  { name: "kernel", title: "a real kernel in QEMU", run: () => kernel() },
];
