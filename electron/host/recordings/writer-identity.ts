/** Who writes a recording, so that the next start can tell one that goes on from one that was cut off. */
import { readFile } from "node:fs/promises";
import type { RecordingFacts } from "../../../shared/sigmf/types.js";

export type Writer = RecordingFacts["writer"];

export async function ownIdentity(): Promise<Writer> {
  return {
    pid: process.pid,
    startTicks: (await startTicks(process.pid)) ?? "",
    bootId: await bootId(),
  };
}

/** Whether the process that wrote is still there: same boot, same number, same start. */
export async function isAlive(writer: Writer): Promise<boolean> {
  if (writer.bootId !== (await bootId())) return false;
  return (await startTicks(writer.pid)) === writer.startTicks;
}

async function bootId(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();
}

/** Field 22 of /proc/PID/stat; the name in brackets before it may hold anything. */
async function startTicks(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}
