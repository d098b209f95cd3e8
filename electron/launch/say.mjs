// What the launcher says: one line a thing, on stderr so that stdout stays the program's.
const started = performance.now();

export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** A step with its time, for what takes long. */
export function step(text) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`[${seconds} s] ${text}\n`);
}

/** Ends the launcher with a sentence instead of a stack. */
export class Refusal extends Error {
  constructor(message, code = 1) {
    super(message);
    this.exitCode = code;
  }
}

/** Runs a launcher's main function: a Refusal is its sentence, anything else a stack. */
export async function main(body) {
  try {
    const code = await body(process.argv.slice(2));
    if (typeof code === "number") process.exitCode = code;
  } catch (thrown) {
    if (thrown instanceof Refusal) {
      if (thrown.message) say(thrown.message);
      process.exitCode = thrown.exitCode;
    } else {
      throw thrown;
    }
  }
}
