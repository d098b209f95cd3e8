/** What a command prints: text for people, or one JSON object; progress on stderr. */
import type { StudioError } from "../../shared/errors.js";

export interface Output {
  /** The answer: an object for --json, else its lines. Called once. */
  answer(value: object, lines: () => string[]): void;
  failed(error: StudioError): void;
  /** A line that is replaced by the next, on a terminal only. */
  progress(line: string): void;
  /** A line of its own on stderr. */
  note(line: string): void;
}

export function makeOutput(
  json: boolean,
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
): Output {
  let progressShown = false;
  const clear = () => {
    if (progressShown) stderr.write("\r\x1b[K");
    progressShown = false;
  };
  return {
    answer(value, lines) {
      clear();
      stdout.write(
        json
          ? `${JSON.stringify(value)}\n`
          : lines()
              .map((line) => `${line}\n`)
              .join(""),
      );
    },
    failed(error) {
      clear();
      if (json) stdout.write(`${JSON.stringify({ error })}\n`);
      stderr.write(`${error.message}\n`);
      if (error.fix) stderr.write(`  ${error.fix}\n`);
    },
    progress(line) {
      if (!stderr.isTTY) return;
      stderr.write(`\r\x1b[K${line.slice(0, Math.max(20, (stderr.columns || 80) - 1))}`);
      progressShown = true;
    },
    note(line) {
      clear();
      stderr.write(`${line}\n`);
    },
  };
}
