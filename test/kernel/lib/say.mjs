// Progress lines, on stderr: stdout belongs to the command that runs inside.

const started = process.hrtime.bigint();

/** Prints one progress line with the seconds since the program began. */
export function say(text) {
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  process.stderr.write(`[kernel ${seconds.toFixed(1).padStart(5)} s] ${text}\n`);
}

/** An error whose message is meant for the user: printed without a stack. */
export class Sentence extends Error {}

/** Runs a program's main function; a Sentence is printed as it is and ends with exit code 1. */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Sentence ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
