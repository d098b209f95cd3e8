/** `serve` with a recording that waits for its time: Ctrl+C says so first. */
import { once } from "node:events";
import { rmSync } from "node:fs";
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
