/** `doctor`: what this machine offers and what is missing. Exit status 0: a missing thing is an answer, not a failure. */
import type { DoctorReport } from "../../../shared/doctor.js";
import type { Arguments } from "../arguments.js";
import { operands } from "../arguments.js";
import type { Output } from "../output.js";
import { openSession } from "../session.js";

const MARK = { good: "✓", missing: "✗", warning: "!" } as const;

export async function doctor(args: Arguments, output: Output): Promise<void> {
  operands(args, 0, 0, "no operands");
  const session = await openSession(args);
  try {
    const report = await session.client.request("doctor", {});
    output.answer(report, () => describe(report));
  } finally {
    await session.close();
  }
}

function describe(report: DoctorReport): string[] {
  return report.checks.flatMap((check) => [
    `${MARK[check.state]} ${check.title}: ${check.detail}`,
    ...check.fix.map((line) => `    ${line}`),
  ]);
}
