// A test runner small enough to start quickly under emulation. Tests run in order, one at a time.

const tests = [];

/** Declares a test. The function may be async and fails by throwing. */
export function test(name, run) {
  tests.push({ name, run, skip: null });
}

/** Declares a test that cannot run here, with the reason. */
export function skip(name, reason) {
  tests.push({ name, run: null, skip: reason });
}

/** Runs the declared tests whose name the filter matches (a regular expression), `after` behind each; returns the exit code. */
export async function runAll(filter = "", after = async () => {}) {
  const totals = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, run, skip: reason } of tests.filter((each) =>
    new RegExp(filter).test(each.name),
  )) {
    if (reason !== null) {
      totals.skipped++;
      console.log(`skipped ${name}: ${reason}`);
      continue;
    }
    const start = process.hrtime.bigint();
    const error = await Promise.resolve()
      .then(run)
      .then(() => null)
      .catch((thrown) => thrown ?? new Error("thrown without a reason"));
    await after();
    const seconds = (Number(process.hrtime.bigint() - start) / 1e9).toFixed(1);
    if (error) console.log(`${error.stack ?? error}`.replace(/^/gm, "    "));
    totals[error ? "failed" : "passed"]++;
    console.log(`${error ? "not ok" : "ok"} ${name} (${seconds} s)`);
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  return totals.failed > 0 ? 1 : 0;
}
