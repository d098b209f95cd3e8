/** Whether acquisition threads may be put before others (settings: real-time priority). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DoctorCheck } from "../../../shared/doctor.js";
import { GROUP } from "../local/fixes.js";
import { good, warning } from "./checks.js";
import type { Patient } from "./checks.js";

/** Bit of CAP_SYS_NICE in a mask of capabilities. */
const CAP_SYS_NICE = 23n;
const HIGHEST = 99;
/** What is proposed: below the kernel's own threads of interrupts, which have 50. */
const PROPOSED = 40;

export async function checkRealtime({ systemRoot }: Patient): Promise<DoctorCheck> {
  const [id, title] = ["realtime", "Real-time priority"];
  const read = (file: string): Promise<string> =>
    readFile(join(systemRoot, "proc/self", file), "utf8").catch(() => "");
  const [limits, status] = await Promise.all([read("limits"), read("status")]);
  if (mayNice(status)) {
    return good(id, title, "Any is permitted to this program (CAP_SYS_NICE).");
  }
  const limit = priorityLimit(limits);
  if (limit > 0) return good(id, title, `Up to ${limit} is permitted to this user.`);
  return warning(
    id,
    title,
    "Not permitted to this user. Streams run without it; with it, a busy computer delays them less.",
    [
      `echo '@${GROUP} - rtprio ${PROPOSED}' | sudo tee /etc/security/limits.d/60-iio-studio-rt.conf`,
      "# Then log out and in again.",
    ],
  );
}

function mayNice(status: string): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> CAP_SYS_NICE) & 1n) === 1n;
}

/** The soft limit; 0 if none is stated. */
function priorityLimit(limits: string): number {
  const soft = /^Max realtime priority\s+(\S+)/m.exec(limits)?.[1] ?? "0";
  return soft === "unlimited" ? HIGHEST : Number(soft) || 0;
}
