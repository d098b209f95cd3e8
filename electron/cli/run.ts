/** The command line: the same host as the window's, for scripts and tests. */
import { toStudioError, type StudioError } from "../../shared/errors.js";
import { findInstallation } from "../host/installation.js";
import { readArguments, UsageError } from "./arguments.js";
import { attr } from "./commands/attr.js";
import { devices } from "./commands/devices.js";
import { doctor } from "./commands/doctor.js";
import { record } from "./commands/record.js";
import { recordGroup } from "./commands/record-group.js";
import { serve } from "./commands/serve.js";
import { tune } from "./commands/tune.js";
import { verify } from "./commands/verify.js";
import { makeOutput } from "./output.js";
import { usage } from "./usage.js";

/** Runs one command and answers the exit status. */
export async function runCli(argv: string[]): Promise<number> {
  const output = makeOutput(argv.includes("--json"));
  try {
    const args = readArguments(argv);
    switch (args.command) {
      case "help":
        process.stdout.write(`${usage(findInstallation().command)}\n`);
        return 0;
      case "devices":
        await devices(args, output);
        return 0;
      case "attr":
        await attr(args, output);
        return 0;
      case "record":
        return (await (args.operands.length > 1 ? recordGroup : record)(args, output)) ? 0 : 1;
      case "tune":
        return (await tune(args, output)) ? 0 : 1;
      case "verify":
        return (await verify(args, output)) ? 0 : 1;
      case "doctor":
        await doctor(args, output);
        return 0;
      case "serve":
        await serve(args, output);
        return 0;
    }
  } catch (error) {
    if (error instanceof UsageError) {
      const all = `${findInstallation().command} --help`;
      process.stderr.write(`${error.message}\nAll commands and options: ${all}\n`);
      return 2;
    }
    output.failed(inOptions(toStudioError(error)));
    return 1;
  }
}

/** Where the host says what to choose: with what that is done here. */
export function inOptions(error: StudioError): StudioError {
  if (error.field !== "deviceTrigger") return error;
  return {
    ...error,
    message: error.message.replace(/(\bChoose .*)\.$/, "$1, with --device-trigger."),
  };
}
