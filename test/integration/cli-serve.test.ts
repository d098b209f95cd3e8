/** `serve`: what Ctrl+C does while a recording waits for its time, and which of its windows ends it. */
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { StudioClient } from "../../shared/client.js";
import { PROTOCOL } from "../../shared/messages.js";
import { formatMoment } from "../../shared/wall-time.js";
import { loopbackClient } from "../contract/doors.js";
import { bundleCli, type CliBundle } from "./cli-bundle.js";

let cli: CliBundle;
beforeAll(async () => {
  cli = await bundleCli();
}, 120_000);
afterAll(() => rmSync(cli.folder, { recursive: true, force: true }));

it("warns of a recording that waits for its time, and ends with the second Ctrl+C", async () => {
  const child = cli.start(["serve", "--json"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "close");
  let [stdout, stderr] = ["", ""];
  child.stdout!.on("data", (chunk) => (stdout += chunk));
  child.stderr!.on("data", (chunk) => (stderr += chunk));
  await expect.poll(() => stdout, { timeout: 30_000 }).toMatch(/\}\n$/);
  const { url, port } = JSON.parse(stdout) as { url: string; port: number };
  const client = new StudioClient(await loopbackClient(port, url));
  const hello = await client.request("hello", { protocol: PROTOCOL });
  expect(hello.endsWithWindow).toBe(false);
  const startAtMs = Math.ceil(Date.now() / 1000) * 1000 + 3_600_000;
  await client.request("recording.schedule", { stream: "sim:adc/buffer0", startAtMs });
  child.kill("SIGINT");
  await expect.poll(() => stderr).toContain(`A recording is set for ${formatMoment(startAtMs)}.`);
  expect(stderr).toContain("Ctrl+C again closes it.");
  expect((await client.request("stream.get", { stream: "sim:adc/buffer0" })).state.kind).toBe(
    "idle",
  );
  // Copies of one press come within half a second.
  await new Promise((resolve) => setTimeout(resolve, 600));
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
});

/** `serve --open` with a browser of ours; answers what it writes. */
function serveOpen(browser: string) {
  const bin = mkdtempSync(join(cli.folder, "bin-"));
  writeFileSync(join(bin, "chromium"), `#!/bin/sh\n${browser}\n`, { mode: 0o755 });
  const runtime = join(bin, "run");
  mkdirSync(runtime, { mode: 0o700 });
  const env = { PATH: `${bin}:${process.env["PATH"]}`, XDG_RUNTIME_DIR: runtime };
  const child = cli.start(["serve", "--open", "--json"], { env });
  onTestFinished(() => void child.kill("SIGKILL"));
  let stdout = "";
  child.stdout!.on("data", (chunk) => (stdout += chunk));
  return { said: () => stdout, shown: join(runtime, "iio-studio"), env };
}

async function endsWith(port: number, url: string): Promise<boolean> {
  const client = new StudioClient(await loopbackClient(port, url));
  onTestFinished(() => client.close());
  return (await client.request("hello", { protocol: PROTOCOL })).endsWithWindow!;
}

it("tells the window that it opened that it ends with it, and no other", async () => {
  const { shown, env } = serveOpen("while kill -0 $PPID; do sleep 0.2; done");
  const page = () =>
    existsSync(shown) ? readdirSync(shown).find((name) => name.endsWith(".html")) : undefined;
  await expect.poll(page, { timeout: 30_000 }).toBeTruthy();
  const url = /url=([^"]+)/.exec(readFileSync(join(shown, page()!), "utf8"))![1]!;
  const port = Number(new URL(url).port);
  expect(await endsWith(port, url)).toBe(true);
  const { stdout } = await cli.run(["serve", "--url", "--port", String(port)], env);
  expect(await endsWith(port, stdout.trim())).toBe(false);
});

it("tells no page that it ends with it where the browser showed nothing", async () => {
  const { said } = serveOpen("exit 1");
  await expect.poll(said, { timeout: 30_000 }).toMatch(/\}\n$/);
  const { url, port } = JSON.parse(said()) as { url: string; port: number };
  expect(await endsWith(port, url)).toBe(false);
});
