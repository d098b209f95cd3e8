#!/usr/bin/env node
/** The command line as a program of its own, under Node. */
import { survivePipes } from "./pipes.js";
import { runCli } from "./run.js";

survivePipes((status) => process.exit(status));

process.exitCode = await runCli(process.argv.slice(2));
