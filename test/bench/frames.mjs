// Script time per drawn frame in Chromium, of the whole studio at 1, 4 and 8 traces, from the browser's own trace.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { median, quantile } from "./report.mjs";

const SECONDS = 5;
const SCRIPT = new Set([
  "FunctionCall",
  "RunMicrotasks",
  "EvaluateScript",
  "FireAnimationFrame",
  "EventDispatch",
]);

export async function benchFrames(_addon, report, _folder, root) {
  const home = mkdtempSync(join(tmpdir(), "studio-frames-"));
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_RUNTIME_DIR: home };
  const cli = join(root, "dist", "cli", "cli.js");
  const server = spawn(process.execPath, [cli, "serve", "--json"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const first = await new Promise((done) =>
    server.stdout.once("data", (chunk) => done(String(chunk))),
  );
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
    await page.goto(JSON.parse(first).url);
    await page.waitForSelector('[role="tree"]');
    for (const traces of [1, 4, 8]) {
      const shown = await showTraces(page, traces);
      const times = await traceFrames(browser, page);
      report.add({
        section: "frames",
        what: `script per frame, ${shown} traces at 1920 × 1080, p95`,
        value: quantile(times.script, 0.95),
        unit: `ms (median ${median(times.script).toFixed(2)}, ${(times.script.length / SECONDS).toFixed(0)} fps, ${times.dropped} dropped)`,
        goal: traces === 8 ? 8 : undefined,
        better: "less",
      });
    }
  } finally {
    await browser.close();
    server.kill("SIGTERM");
    await new Promise((done) => server.once("exit", done));
    rmSync(home, { recursive: true, force: true });
  }
}

const STREAM = "sim:adc/buffer0";
const CHANNELS = ["voltage0", "voltage1", "voltage2", "voltage3"];

/** One, four, or eight traces: the converter's channels, and both pairs of them with magnitude and phase. */
async function showTraces(page, traces) {
  const channels = CHANNELS.slice(0, Math.min(4, traces));
  await ask(page, "stream.configure", { stream: STREAM, patch: { channels } });
  await ask(page, "stream.start", { stream: STREAM });
  if (traces > 4) {
    for (const [i, q] of [CHANNELS.slice(0, 2), CHANNELS.slice(2, 4)]) {
      await ask(page, "device.pair", { device: "sim:adc", i, q, action: "join" });
    }
    const choices = page.getByRole("combobox", { name: /^Drawn of/ });
    await page.waitForTimeout(1000);
    for (let k = 0; k < (await choices.count()); k++) {
      await choices.nth(k).click();
      await page.getByRole("option", { name: "I, Q, magnitude, phase" }).click();
    }
  }
  await page.waitForTimeout(1500);
  return page.locator(".scope-plot .tag").count();
}

/** A request through a socket of its own from the same page. */
function ask(page, name, params) {
  return page.evaluate(
    ([asked, what]) =>
      new Promise((done, reject) => {
        const socket = new WebSocket(`ws://${location.host}/ws`);
        socket.addEventListener("message", (event) => {
          const message = JSON.parse(event.data);
          if (message.kind === "door") {
            socket.send(JSON.stringify({ kind: "request", id: 1, name: asked, params: what }));
          } else if (message.id === 1) {
            socket.close();
            if (message.kind === "error") reject(new Error(message.error.message));
            else done(null);
          }
        });
      }),
    [name, params],
  );
}

async function traceFrames(browser, page) {
  await browser.startTracing(page, {
    categories: ["devtools.timeline", "disabled-by-default-devtools.timeline"],
  });
  await page.waitForTimeout(SECONDS * 1000);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const main = traceEvents.find(
    (event) => event.name === "thread_name" && event.args.name === "CrRendererMain",
  );
  const own = traceEvents.filter((event) => event.tid === main?.tid && event.pid === main?.pid);
  const draws = own.filter((event) => event.name === "FireAnimationFrame").map((event) => event.ts);
  const script = new Array(Math.max(0, draws.length - 1)).fill(0);
  let coveredUntil = 0;
  for (const event of own
    .filter((each) => SCRIPT.has(each.name) && each.dur)
    .sort((a, b) => a.ts - b.ts)) {
    // Nested calls are part of the one around them.
    if (event.ts < coveredUntil) continue;
    coveredUntil = event.ts + event.dur;
    const frame = draws.findLastIndex((ts) => ts <= event.ts);
    if (frame >= 0 && frame < script.length) script[frame] += event.dur / 1000;
  }
  const dropped = traceEvents.filter((event) => event.name === "DroppedFrame").length;
  return { script, dropped };
}
