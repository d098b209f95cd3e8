// npm test: sets up what is missing and runs every suite; ends with the sum over all of them.
//   npm test -- unit kernel      only these
import { ensureReady } from "./setup.mjs";
import { main, Refusal, say, step } from "./say.mjs";

await main(async (argv) => {
  await ensureReady();
  const { countLine: line, SUITES } = await import("./suites.mjs");
  const unknown = argv.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    const known = SUITES.map((suite) => suite.name).join(", ");
    throw new Refusal(`There is no suite "${unknown[0]}". Known: ${known}.`, 2);
  }
  const chosen = argv.length > 0 ? SUITES.filter((suite) => argv.includes(suite.name)) : SUITES;
  const total = { passed: 0, failed: 0, skipped: 0 };
  const rows = [];
  const failures = [];
  for (const suite of chosen) {
    step(`suite ${suite.title}`);
    let counted;
    try {
      counted = await suite.run();
    } catch (error) {
      counted = {
        passed: 0,
        failed: 1,
        skipped: 0,
        reasons: [String(error?.stack ?? error)],
        failures: [],
      };
    }
    for (const reason of counted.reasons) say(`  ${reason}`);
    step(`suite ${suite.title}: ${line(counted)}`);
    failures.push(...counted.failures.map((failure) => `${suite.title}: ${failure}`));
    rows.push(`${suite.title}: ${line(counted)}`);
    for (const key of Object.keys(total)) total[key] += counted[key];
  }
  if (failures.length > 0) {
    process.stdout.write(`\nfailed:\n${failures.map((failure) => `  ${failure}`).join("\n")}\n`);
  }
  process.stdout.write(`\n${rows.map((row) => `  ${row}`).join("\n")}\n\n${line(total)}\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
});
