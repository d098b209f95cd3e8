// npm start: sets up what is missing, then runs the studio in Electron, or in the loopback shell with the reason why.
import { chooseShell, readOptions, shellCommand, USAGE } from "./choose-shell.mjs";
import { hand } from "./hand.mjs";
import { ensureReady } from "./setup.mjs";
import { main, say } from "./say.mjs";

await main(async (argv) => {
  const options = readOptions(argv);
  if (options.help) return say(USAGE);
  await ensureReady();
  const shell = await chooseShell(options);
  if (shell.why) say(shell.why);
  const { command, args } = shellCommand(shell, options);
  if (args.includes("--no-sandbox"))
    say("You are root, so Electron runs without its sandbox. A plain user is the better choice.");
  return hand(command, args);
});
