// Child processes of the launcher.
import { spawn } from "node:child_process";
import { ROOT } from "./paths.mjs";

/** Runs a program to its end; answers its exit code and (if captured) what it printed. */
export function run(command, args, options = {}) {
  const { capture = false, cwd = ROOT, env = process.env, onLine, stdin = "ignore" } = options;
  return new Promise((resolve) => {
    const piped = capture || onLine;
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: [stdin, piped ? "pipe" : "inherit", piped ? "pipe" : "inherit"],
    });
    let output = "";
    let rest = "";
    const take = (chunk) => {
      const text = chunk.toString();
      output += text;
      if (!onLine) return;
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) onLine(line);
    };
    if (piped) {
      child.stdout.on("data", take);
      child.stderr.on("data", take);
    }
    child.on("error", (error) => resolve({ code: 127, output: error.message }));
    child.on("close", (code, signal) => {
      if (onLine && rest) onLine(rest);
      resolve({ code: signal ? 128 : (code ?? 1), output });
    });
  });
}
