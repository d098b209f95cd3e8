// npm start: sets up what is missing, then runs the studio in Electron, or in the loopback shell with the reason why.
import { parseArgs } from "node:util";
import { obtainElectron } from "./electron-runtime.mjs";
import { hand } from "./hand.mjs";
import { at } from "./paths.mjs";
import { ensureReady } from "./setup.mjs";
import { main, Refusal, say } from "./say.mjs";

const USAGE = `npm start -- [--electron | --loopback] [--port N] [--no-open]
  --electron   run in Electron (fetches its runtime again if an earlier try failed)
  --loopback   run the loopback shell: a server on 127.0.0.1 and a browser window
  --port N     port of the loopback shell (default: any free one)
  --no-open    print the address instead of opening a window`;

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
  const port = values.port === undefined ? 0 : Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Refusal(`--port takes a number from 0 to 65535, not "${values.port}".`, 2);
  }
  if (values.electron && values.loopback) {
    throw new Refusal("--electron and --loopback exclude each other. Give one of them.", 2);
  }
  return { ...values, port };
}

const hasDisplay = () => Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/** Which shell runs, and the sentence that says why it is not Electron. */
async function chooseShell(options) {
  if (options.loopback) return { kind: "loopback" };
  if (!hasDisplay() && !options.electron) {
    return {
      kind: "loopback",
      why: "There is no display here, so the studio serves its window instead.",
    };
  }
  const { program, reason } = await obtainElectron({ force: options.electron });
  if (program) return { kind: "electron", program };
  return {
    kind: "loopback",
    why: `Electron's runtime is not here (${reason}), so the studio opens in the loopback shell.`,
  };
}

await main(async (argv) => {
  const options = readOptions(argv);
  if (options.help) return say(USAGE);
  await ensureReady();
  const shell = await chooseShell(options);
  if (shell.why) say(shell.why);
  if (shell.kind === "electron") {
    const root = process.getuid?.() === 0;
    if (root)
      say("You are root, so Electron runs without its sandbox. A plain user is the better choice.");
    return hand(shell.program, [...(root ? ["--no-sandbox"] : []), at()]);
  }
  const args = ["serve", "--port", String(options.port)];
  if (!options["no-open"] && hasDisplay()) args.push("--open");
  return hand(process.execPath, [at("dist", "cli", "cli.js"), ...args]);
});
