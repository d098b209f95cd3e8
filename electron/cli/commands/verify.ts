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
      ? [`${name} is sound: ${report.checked.join(", ")}.`]
      : report.faults),
    ...report.notes,
  ]);
  return report.faults.length === 0;
}
