// What a bench prints: what it ran, against what, on what; ratios taken in one run.
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

export function machine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 1e9),
    kernel: release(),
    node: process.version,
    compiler: firstLine("g++", ["--version"]),
  };
}

function firstLine(command, args) {
  try {
    return execFileSync(command, args, { encoding: "utf8" }).split("\n")[0];
  } catch {
    return "unknown";
  }
}

export class Report {
  rows = [];

  /**
   * One figure: what, its value and unit, what it is held against (a ratio), and the goal it has to reach. `orValue`: the
   * value that will do as well, whatever the ratio.
   */
  add({ section, what, value, unit, ratio, against, goal, orValue, better = "more" }) {
    const met = (held, least) => (better === "more" ? held >= least : held <= least);
    const reached =
      goal === undefined
        ? null
        : met(ratio ?? value, goal) || (orValue !== undefined && met(value, orValue));
    const row = { section, what, value, unit, ratio, against, goal, orValue, better, reached };
    this.rows.push(row);
    process.stderr.write(`${format(row)}\n`);
  }

  note(text) {
    process.stderr.write(`  ${text}\n`);
  }
}

const digits = (value) =>
  value === undefined ? "" : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);

export function format(row) {
  const figure = `${digits(row.value)} ${row.unit ?? ""}`.trim();
  const ratio = row.ratio === undefined ? "" : `, ${digits(row.ratio)} of ${row.against}`;
  const sign = row.better === "more" ? "≥" : "≤";
  const or = row.orValue === undefined ? "" : ` or ${sign} ${row.orValue} ${row.unit}`;
  const goal =
    row.goal === undefined
      ? ""
      : ` (goal ${sign} ${row.goal}${or}: ${row.reached ? "reached" : "missed"})`;
  return `  ${row.section.padEnd(12)} ${row.what.padEnd(46)} ${figure}${ratio}${goal}`;
}

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
export const quantile = (values, q) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];
