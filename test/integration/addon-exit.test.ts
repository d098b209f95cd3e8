/** Environments that end with things open: nothing crashes, nothing hangs, and recordings get their end. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { findAddon } from "../../native/load.js";
import { JournalReader } from "../../shared/journal.js";
import { counterOptions } from "./addon-options.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "iio-exit-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const prelude = () => `
  const addon = require(${JSON.stringify(findAddon())});
  const options = ${JSON.stringify(counterOptions())};
  const recording = {
    outputs: [{ path: ${JSON.stringify(join(folder, "data"))}, verbatim: true, elements: [] }],
    journalPath: ${JSON.stringify(join(folder, "journal"))},
    journalHeader: new Uint8Array([123, 125]), scans: 0, fromScan: -1, freeFloorBytes: 0,
  };
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const go = async () => {
    const stream = addon.openStream(options);
    stream.onNews(() => {});
    await stream.start();
    return stream;
  };
`;

function run(
  script: string,
): Promise<{ code: number | string | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["-e", prelude() + script],
      { timeout: 20_000 },
      (error, stdout, stderr) =>
        resolve({ code: error ? (error.code ?? error.signal ?? null) : 0, stdout, stderr }),
    );
  });
}

const lastRecord = () =>
  new JournalReader().push(readFileSync(join(folder, "journal"))).at(-1)?.kind;

it("a running stream does not keep the program alive, and ends with it", async () => {
  expect(await run(`go().then(() => console.log("started"));`)).toMatchObject({
    code: 0,
    stdout: "started\n",
  });
});

it("pending work does keep it alive", async () => {
  const script = `go().then((s) => s.stop()).then(() => console.log("stopped"));`;
  expect(await run(script)).toMatchObject({ code: 0, stdout: "stopped\n" });
});

it("process.exit ends a recording as it should be", async () => {
  const script = `go().then(async (s) => {
    const r = await s.record(recording);
    while (r.status().scans < 20000) await wait(10);
    process.exit(7);
  });`;
  expect(await run(script)).toMatchObject({ code: 7 });
  expect(lastRecord()).toBe("end");
});

it("an exception that nobody catches does too", async () => {
  const script = `go().then(async (s) => {
    await s.record(recording);
    await wait(100);
    setTimeout(() => { throw new Error("on purpose"); });
  });`;
  const result = await run(script);
  expect(result.code).toBe(1);
  expect(result.stderr).toContain("on purpose");
  expect(lastRecord()).toBe("end");
});

it("an exception of a listener is the program's, not swallowed", async () => {
  const script = `
    process.on("uncaughtException", (e) => { console.log(e.message); process.exit(0); });
    go().then((s) => s.onNews(() => { throw new Error("from the listener"); }));
    setTimeout(() => {}, 10000);`;
  expect(await run(script)).toMatchObject({ code: 0, stdout: "from the listener\n" });
});

it("workers end with streams running, queries under way and controls open", async () => {
  const script = `
    const { Worker } = require("node:worker_threads");
    const body = ${"`"}\${prelude}
      go().then(async (s) => {
        addon.openControl("w", 1000, 8);
        addon.watchUevents(() => {});
        for (;;) {
          s.query({ traces: [], range: { kind: "all" }, columns: 16 }).catch(() => {});
          require("node:worker_threads").parentPort.postMessage("running");
          await wait(1);
        }
      });${"`"};
    (async () => {
      const main = await go();
      for (let i = 0; i < 5; i++) {
        const worker = new Worker(body, { eval: true });
        await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
        await worker.terminate();
      }
      console.log(main.counters().state);
      await main.close();
    })();`;
  const text = `const prelude = ${JSON.stringify(prelude())};${script}`;
  expect(await run(text)).toMatchObject({ code: 0, stdout: "running\n" });
});

it("streams that were forgotten are closed when they are collected", async () => {
  const script = `
    (async () => {
      const { readdirSync } = require("node:fs");
      const before = readdirSync("/proc/self/task").length;
      for (let i = 0; i < 3; i++) await go();
      for (let i = 0; i < 200; i++) {
        globalThis.gc();
        await wait(20);
        if (readdirSync("/proc/self/task").length <= before + 6) break;
      }
      console.log(readdirSync("/proc/self/task").length <= before + 6 ? "collected" : "kept");
    })();`;
  const set = `require("node:v8").setFlagsFromString("--expose-gc"); globalThis.gc = require("node:vm").runInNewContext("gc");`;
  expect(await run(set + script)).toMatchObject({ code: 0, stdout: "collected\n" });
});

it("a listener that throws misses none of the events that came with the one it threw at", async (context) => {
  const uevent = "/sys/class/mem/full/uevent"; // a change of a device that nobody minds
  const script = `
    const fs = require("node:fs");
    const heard = [];
    let thrown = 0;
    process.on("uncaughtException", () => thrown++);
    const end = addon.watchUevents((fields) => {
      const number = fields.find((field) => field.startsWith("SYNTH_ARG_STUDIO="));
      if (!number) return;
      heard.push(number.slice(17));
      if (heard.length === 1) throw new Error("on purpose");
    });
    const id = require("node:crypto").randomUUID();
    (async () => {
      // Written in one turn, so that they come together.
      for (let n = 0; n < 20; n++) fs.writeFileSync("${uevent}", "change " + id + " STUDIO=" + n);
      for (let n = 0; n < 500 && heard.length < 20; n++) await wait(10);
      end();
      console.log(heard.join(), thrown);
    })();
  `;
  const { stdout, stderr } = await run(script);
  if (/EACCES|EROFS|ENOENT/.test(stderr)) context.skip();
  const all = Array.from({ length: 20 }, (_, n) => n).join();
  if (stdout === " 0\n") context.skip(); // a container that hears none of the kernel's events
  expect(stdout).toBe(`${all} 1\n`);
});
