/** Reads the command line into values; what it does not know is a UsageError (exit status 2). */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { parseDuration, parseSi } from "../../shared/si.js";

export class UsageError extends Error {}

const COMMON = {
  json: { type: "boolean", default: false },
  sysfs: { type: "string" },
  dev: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

const COMMANDS = {
  devices: {},
  attr: {},
  record: {
    out: { type: "string" },
    channels: { type: "string" },
    rate: { type: "string" },
    blocks: { type: "string" },
    "block-size": { type: "string" },
    queue: { type: "string" },
    buffer: { type: "string" },
    transport: { type: "string" },
    heap: { type: "string" },
    "device-trigger": { type: "string" },
    "device-trigger-rate": { type: "string" },
    counter: { type: "string" },
    realtime: { type: "string" },
    cpus: { type: "string" },
    set: { type: "string", multiple: true },
    note: { type: "string" },
    "no-hash": { type: "boolean", default: false },
    seconds: { type: "string" },
    samples: { type: "string" },
    pre: { type: "string" },
    "start-at": { type: "string" },
    until: { type: "string" },
    trigger: { type: "string" },
    hysteresis: { type: "string" },
    before: { type: "string" },
    after: { type: "string" },
    captures: { type: "string" },
    each: { type: "boolean" },
    "split-size": { type: "string" },
    "split-time": { type: "string" },
    "ring-size": { type: "string" },
    "ring-time": { type: "string" },
    resume: { type: "boolean" },
    raw: { type: "boolean" },
    "no-check": { type: "boolean", default: false },
    "shared-clock": { type: "boolean", default: false },
  },
  tune: {
    seconds: { type: "string" },
    margin: { type: "string" },
    rate: { type: "string" },
    buffer: { type: "string" },
    channels: { type: "string" },
    transport: { type: "string" },
    heap: { type: "string" },
    "device-trigger": { type: "string" },
    realtime: { type: "string" },
    cpus: { type: "string" },
    "apply-hint": { type: "boolean", default: false },
  },
  verify: {},
  doctor: {},
  serve: {
    port: { type: "string" },
    open: { type: "boolean", default: false },
    url: { type: "boolean", default: false },
  },
} as const satisfies Record<string, ParseArgsConfig["options"]>;

export type CommandName = keyof typeof COMMANDS;

export interface Arguments {
  command: CommandName | "help";
  operands: string[];
  json: boolean;
  sysfs: string | undefined;
  dev: string | undefined;
  values: Record<string, string | boolean | string[] | undefined>;
}

export function readArguments(argv: string[]): Arguments {
  const [command, ...rest] = argv;
  const none = {
    operands: [],
    json: argv.includes("--json"),
    sysfs: undefined,
    dev: undefined,
    values: {},
  };
  if (command === undefined || command === "--help" || command === "-h" || command === "help") {
    return { command: "help", ...none };
  }
  if (!Object.hasOwn(COMMANDS, command)) throw new UsageError(`There is no command "${command}".`);
  const name = command as CommandName;
  try {
    const { values, positionals } = parseArgs({
      args: rest.map(hideNumber),
      options: { ...COMMON, ...(COMMANDS[name] as ParseArgsConfig["options"]) },
      allowPositionals: true,
    });
    if (values["help"]) return { command: "help", ...none };
    return {
      command: name,
      operands: positionals.map(showNumber),
      json: Boolean(values["json"]),
      sysfs: values["sysfs"] as string | undefined,
      dev: values["dev"] as string | undefined,
      values: Object.fromEntries(
        Object.entries(values).map(([option, value]) => [option, showAll(value)]),
      ),
    };
  } catch (error) {
    throw new UsageError(plainly(error as Error & { code?: string }, rest));
  }
}

/** No option of ours is a digit: `-10` is a value, which Node's reader would take for the option -1. */
const HIDDEN = "\0";
const hideNumber = (word: string) => (/^-\.?\d/.test(word) ? `${HIDDEN}${word}` : word);
const showNumber = (word: string) => (word.startsWith(HIDDEN) ? word.slice(1) : word);

function showAll(value: unknown): Arguments["values"][string] {
  if (Array.isArray(value)) return (value as string[]).map(showNumber);
  return typeof value === "string" ? showNumber(value) : (value as boolean | undefined);
}

/** Node's words about options, as a sentence for people. */
function plainly(error: Error & { code?: string }, argv: string[]): string {
  const quoted = /'(--?[^'= ]+)/.exec(error.message)?.[1];
  if (error.code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" && quoted)
    return `There is no option ${quoted}.`;
  const at = argv.findIndex((word) => word === quoted);
  if (error.code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE" && quoted) {
    const value = at >= 0 ? argv[at + 1] : undefined;
    return value === undefined
      ? `${quoted} needs a value.`
      : `${quoted} does not take "${value}"; a value that begins with a dash is written ${quoted}=${value}.`;
  }
  return error.message.split(". ")[0]!;
}

/** A positive number with an SI or binary prefix (`1M`, `64Ki`); undefined if the option was not given. */
export function numberOption(
  args: Arguments,
  name: string,
  {
    integer = false,
    least = Number.MIN_VALUE,
    most = Infinity,
  }: { integer?: boolean; least?: number; most?: number } = {},
): number | undefined {
  const text = args.values[name];
  if (typeof text !== "string") return undefined;
  const parsed = parseSi(text, name.endsWith("-size") ? ["B"] : []);
  const value = parsed.ok ? parsed.value : NaN;
  if (!(value >= least && value <= most) || (integer && !Number.isSafeInteger(value))) {
    const what = integer ? "a whole number" : "a number";
    const from = least === Number.MIN_VALUE ? "above 0" : `of at least ${least}`;
    const bound = most === Infinity ? from : `from ${least} to ${most}`;
    const also = name === "rate" ? ", or max" : "";
    throw new UsageError(`--${name} takes ${what} ${bound}${also}, not "${text}".`);
  }
  return value;
}

/** Minutes or milliseconds? The reader of times says so. */
const BARE_M = /\d\s*m\s*$/;

/** A time: `90`, `20 ms`, `1.5min`, `2h`, `1:30`; undefined if the option was not given. `none`: 0 too. */
export function durationOption(args: Arguments, name: string, none = false): number | undefined {
  const text = args.values[name];
  if (typeof text !== "string") return undefined;
  const parsed = parseDuration(text);
  if (parsed.ok && (parsed.value > 0 || (none && parsed.value === 0))) return parsed.value;
  if (!parsed.ok && BARE_M.test(text)) throw new UsageError(`--${name}: ${parsed.message}`);
  const bound = none ? "from 0" : "above 0";
  throw new UsageError(`--${name} takes a time ${bound}, as in 90s, 10min or 2h, not "${text}".`);
}

export function listOption(args: Arguments, name: string): string[] | undefined {
  const text = args.values[name];
  if (typeof text !== "string") return undefined;
  const list = text.split(",").map((part) => part.trim());
  if (list.some((part) => part === "")) {
    throw new UsageError(`--${name} takes names parted by commas, not "${text}".`);
  }
  return list;
}

export function textOption(args: Arguments, name: string): string | undefined {
  const text = args.values[name];
  return typeof text === "string" ? text : undefined;
}

export function choiceOption<T extends string>(
  args: Arguments,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  if (!choices.includes(text as T)) {
    throw new UsageError(`--${name} takes one of ${choices.join(", ")}, not "${text}".`);
  }
  return text as T;
}

/** Exactly these operands, by name. */
export function operands(args: Arguments, least: number, most: number, names: string): string[] {
  if (args.operands.length < least || args.operands.length > most) {
    throw new UsageError(`${args.command} takes ${names}.`);
  }
  return args.operands;
}
