// Hands the terminal to the studio and waits for its end.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { say } from "./say.mjs";

/**
 * Whether a terminal's Ctrl+C reaches our child without us: we are in the group that the terminal signals as a whole.
 * `stat` is /proc/self/stat; its fields after the name in brackets are state, ppid, pgrp, session, tty, tpgid.
 */
export function terminalSignalsGroup(stat) {
  const [, , pgrp, , , tpgid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(tpgid) > 0 && pgrp === tpgid;
}

function terminalSignalsUs() {
  try {
    return terminalSignalsGroup(readFileSync("/proc/self/stat", "utf8"));
  } catch {
    return Boolean(process.stdin.isTTY);
  }
}

/** Ends that somebody asked for. */
const ASKED = ["SIGINT", "SIGTERM", "SIGHUP"];

/** As a shell has it; says what ended a program that nobody asked to end. */
function statusOf(code, signal) {
  if (!signal) return code ?? 1;
  if (ASKED.includes(signal)) return 0;
  say(`The studio was ended by ${signal}. What was being recorded is completed at its next start.`);
  return 128 + constants.signals[signal];
}

/**
 * Runs a program with our terminal; answers its exit code. Signals are handed on, save those that a terminal has sent to
 * the program already: a second SIGINT would end Electron in the middle of its closing.
 */
export function hand(command, args, { source = process, reached = terminalSignalsUs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: "inherit" });
    source.on("SIGTERM", () => child.kill("SIGTERM"));
    for (const signal of ["SIGINT", "SIGHUP"]) {
      source.on(signal, () => reached() || child.kill(signal));
    }
    child.on("error", (error) => {
      say(`The studio could not be started: ${error.message}`);
      resolve(127);
    });
    child.on("close", (code, signal) => resolve(statusOf(code, signal)));
  });
}
