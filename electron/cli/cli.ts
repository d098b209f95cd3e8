#!/usr/bin/env node
/** The command line as a program of its own, under Node. */
import { runCli } from "./run.js";

// A pipe whose reader went (head, less) ends the program quietly.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});
// A terminal that was closed takes no more progress, and what is being recorded is still to be finished.
process.stderr.on("error", () => undefined);

process.exitCode = await runCli(process.argv.slice(2));
