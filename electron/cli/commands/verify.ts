/** `verify BASENAME`: exit status 1 and one sentence for each fault. */
import { resolve } from "node:path";
import { verifyRecording } from "../../host/recordings/verify.js";
import type { Arguments } from "../arguments.js";
import { operands } from "../arguments.js";
import type { Output } from "../output.js";

/** Answers whether the recording is sound. */
export async function verify(args: Arguments, output: Output): Promise<boolean> {
  const [name] = operands(args, 1, 1, "one BASENAME") as [string];
  const report = await verifyRecording(resolve(name));
  output.answer(report, () => [
    ...(report.faults.length === 0
      ? [`${name} is sound:`, ...checkedLines(report.checked)]
      : report.faults),
    ...report.notes,
  ]);
  return report.faults.length === 0;
}

/** What was looked at: a line for each file. */
export function checkedLines(checked: readonly string[]): string[] {
  const files = new Map<string, string[]>();
  for (const one of checked) {
    // A name may hold a colon; what was looked at has none.
    const colon = one.lastIndexOf(": ");
    const file = one.slice(0, colon);
    files.set(file, [...(files.get(file) ?? []), one.slice(colon + 2)]);
  }
  return [...files].map(([file, looks]) => `  ${file}: ${looks.join(", ")}`);
}
