/** What becomes of a command whose output nobody takes any more. */
import type { EventEmitter } from "node:events";

/** To be called before anything is printed: an error of a stream that nobody hears ends the program in the middle. */
export function survivePipes(
  exit: (status: number) => void,
  stdout: EventEmitter = process.stdout,
  stderr: EventEmitter = process.stderr,
): void {
  // A pipe whose reader went (head, less) ends the program quietly.
  stdout.on("error", (error: NodeJS.ErrnoException) => exit(error.code === "EPIPE" ? 0 : 1));
  // A terminal that was closed takes no more progress, and what is being recorded is still to be finished.
  stderr.on("error", () => undefined);
}
