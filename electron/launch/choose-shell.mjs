// Which shell `npm start` runs, why, and the program that it is.
import { parseArgs } from "node:util";
import { obtainElectron } from "./electron-runtime.mjs";
import { at } from "./paths.mjs";
import { Refusal } from "./say.mjs";

export const USAGE = `npm start -- [--electron | --loopback] [--port N] [--no-open]
  --electron   run in Electron (fetches its runtime again if an earlier try failed)
  --loopback   run the loopback shell: a server on 127.0.0.1 and a browser window
  --port N     port of the loopback shell, which this chooses too (default: any free one)
  --no-open    run the loopback shell, and print its address instead of opening a window`;

/** What was asked on the command line; refuses what it does not know. */
export function readOptions(argv) {
  let values;
  try {
    ({ values } = parseArgs({
      args: argv,
      options: {
        electron: { type: "boolean", default: false },
        loopback: { type: "boolean", default: false },
        port: { type: "string" },
        "no-open": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    throw new Refusal(`${error.message}\n${USAGE}`, 2);
  }
  const port = values.port === undefined ? 0 : Number(values.port || NaN);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Refusal(`--port takes a number from 0 to 65535, not "${values.port}".`, 2);
  }
  if (values.electron && values.loopback) {
    throw new Refusal("--electron and --loopback exclude each other. Give one of them.", 2);
  }
  // A port or a window not to open is of the loopback shell alone.
  const served = values.port !== undefined || values["no-open"];
  return { ...values, loopback: values.loopback || (served && !values.electron), port };
}

export const hasDisplay = (env = process.env) => Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);

/** Which shell runs, and the sentence that says why it is not Electron. */
export async function chooseShell(
  options,
  { display = hasDisplay(), obtain = obtainElectron } = {},
) {
  if (options.loopback) return { kind: "loopback" };
  if (!display && !options.electron) {
    return {
      kind: "loopback",
      why: "There is no display here, so the studio serves its window instead.",
    };
  }
  const { program, reason } = await obtain({ force: options.electron });
  if (program) return { kind: "electron", program };
  return {
    kind: "loopback",
    why: `Electron's runtime is not here (${reason}), so the studio opens in the loopback shell.`,
  };
}

/** The program that is the shell, with its arguments. */
export function shellCommand(
  shell,
  options,
  { display = hasDisplay(), root = process.getuid?.() === 0 } = {},
) {
  if (shell.kind === "electron") {
    return { command: shell.program, args: [...(root ? ["--no-sandbox"] : []), at()] };
  }
  const args = [at("dist", "cli", "cli.js"), "serve", "--port", String(options.port)];
  if (!options["no-open"] && display) args.push("--open");
  return { command: process.execPath, args };
}
