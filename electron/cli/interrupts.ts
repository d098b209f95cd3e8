/** Ctrl+C and its like, while something is to be ended in order. */
import type { EventEmitter } from "node:events";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
export type Interrupt = (typeof SIGNALS)[number];

/** The terminal signals every program of the group, and npm hands its own copy on: one press may come several times. */
const SAME_PRESS_MS = 500;

/**
 * Tells of each press, with how many there were. While this listens no signal ends the program by itself; the answer
 * stops the listening.
 */
export function onInterrupt(
  pressed: (times: number, signal: Interrupt) => void,
  source: EventEmitter = process,
  nowMs: () => number = () => performance.now(),
): () => void {
  let times = 0;
  let lastMs = -Infinity;
  const listen = (signal: Interrupt) => {
    const before = lastMs;
    lastMs = nowMs();
    if (lastMs - before > SAME_PRESS_MS) pressed(++times, signal);
  };
  for (const signal of SIGNALS) source.on(signal, listen);
  return () => {
    for (const signal of SIGNALS) source.removeListener(signal, listen);
  };
}
