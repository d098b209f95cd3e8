/** What Ctrl+C does to a studio that is served: it closes it, once it is clear that nothing is missed. */
import { closeQuestion } from "../../shared/unfinished.js";
import type { Interrupt } from "./interrupts.js";

export interface CloserDeps {
  /** When what waits for its time would begin, in milliseconds since 1970. */
  waiting: () => readonly number[];
  say: (line: string) => void;
  close: () => void;
}

/**
 * Answers what to do at each press. A recording that goes on is ended whole; one that is set for a time would not be
 * made, so that is said first, and a second Ctrl+C is wanted. What others send (SIGTERM, a terminal that goes) closes at
 * once.
 */
export function closer({ waiting, say, close }: CloserDeps): (signal: Interrupt) => void {
  let warned = false;
  let closing = false;
  return (signal) => {
    if (closing) return;
    const question = closeQuestion({ recordings: [], startsAtMs: waiting() });
    if (signal === "SIGINT" && question && !warned) {
      warned = true;
      say(`${question.title} ${question.detail} Ctrl+C again closes it.`);
      return;
    }
    closing = true;
    if (signal !== "SIGHUP") say("Closing; what is recorded is kept.");
    close();
  };
}
