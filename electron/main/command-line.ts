/** Whether the installed program was started as a command or to show its window. */

const HELP = ["--help", "-h"];

/**
 * The command as typed, right or wrong; null: the window is wanted. Chromium's own switches come first and are its own;
 * a path or an address is what a desktop hands over, or the folder of the program itself.
 */
export function typedCommand(argv: readonly string[], isDefaultApp: boolean): string[] | null {
  const typed = argv.slice(isDefaultApp ? 2 : 1);
  const first = typed.findIndex((word) => !word.startsWith("--") || HELP.includes(word));
  const word = typed[first];
  return word === undefined || word === "." || word.includes("/") ? null : typed.slice(first);
}
