// A clean end in every state: the buffer is off, its memory is free, and what was recorded is whole.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";

import { dmabufBytes, flows, getControl, isQuiet, setControl, writeAttribute } from "./driver.mjs";
import { test } from "./harness.mjs";
import { checkCounter, checkOnlyLost } from "./recording.mjs";
import {
  assertSentence,
  beginRecording,
  record,
  refused,
  sleep,
  until,
  verify,
  withHost,
} from "./studio.mjs";

const counter = "local:studio-counter";
const slow = [
  "--rate",
  "20000",
  "--blocks",
  "96",
  "--queue",
  "48",
  "--block-size",
  "4096",
  "--no-hash",
];

/** Whether a process has loaded the addon: from then on it may touch the device. */
function hasAddon(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/maps`, "utf8").includes("iio_studio.node");
  } catch {
    return false;
  }
}

/** Runs a test and holds it to leave nothing behind: buffer off, no memory of blocks kept. */
function leavesNothing(name, body) {
  test(name, async () => {
    const before = dmabufBytes();
    await body();
    await until(() => isQuiet("studio-counter"), "the buffer to be off");
    await until(
      () => dmabufBytes() === before,
      `the blocks to be freed (${dmabufBytes() - before})`,
    );
  });
}

for (const transport of ["dmabuf", "read"]) {
  leavesNothing(
    `stop: Ctrl+C while it records over ${transport}: all up to then is in the file`,
    async () => {
      // The kernel has but two blocks for read(): longer ones.
      const longer = transport === "read" ? ["--block-size", "16384"] : [];
      const running = beginRecording([counter, ...slow, "--transport", transport, ...longer]);
      await until(() => flows("studio-counter", 10), "blocks");
      const result = await running.stop();
      assert.ok(result.samples > 10 * 512 - 512, `${result.samples} samples`);
      const { gaps } = checkCounter(running.out, { first: 0 });
      assert.deepEqual(gaps, []);
      await verify(running.out);
    },
  );

  leavesNothing(`stop: Ctrl+C while the device stalls, over ${transport}`, async () => {
    const running = beginRecording([counter, ...slow, "--transport", transport]);
    try {
      await until(() => flows("studio-counter", 10), "blocks");
      setControl("studio-counter", "stall", 1);
      await sleep(1000);
      await running.stop();
      checkCounter(running.out, { first: 0 });
    } finally {
      setControl("studio-counter", "stall", 0);
    }
  });

  leavesNothing(`stop: Ctrl+C when the device never gave a block, over ${transport}`, async () => {
    setControl("studio-counter", "stall", 1);
    const running = beginRecording([counter, ...slow, "--transport", transport]);
    try {
      await until(() => getControl("studio-counter", "outstanding") > 0, "queued blocks");
      await sleep(500);
      running.program.signal("SIGINT");
      await running.program.end();
      assert.equal(running.program.status, 1, `${running.program}`);
      const { samples, error, files } = running.program.json;
      assert.equal(samples, 0);
      assertSentence(error.message);
      assert.deepEqual(files, []);
    } finally {
      setControl("studio-counter", "stall", 0);
    }
  });
}

// From the loading of the addon on, in steps that fall into each phase of the start.
for (const milliseconds of [0, 100, 200, 400, 800, 1600]) {
  leavesNothing(`stop: Ctrl+C ${milliseconds} ms into the start`, async () => {
    const running = beginRecording([counter, ...slow]);
    const { program } = running;
    await until(() => hasAddon(program.pid), "the program's start");
    await sleep(milliseconds);
    program.signal("SIGINT");
    await program.end();
    // Before there is anything to keep it may simply end; later it has to end as a recording does.
    if (program.signalled === null) {
      assert.ok([0, 1].includes(program.status), `${program}`);
      if (program.status === 0 && program.json.cancelled) {
        assert.ok(!fs.existsSync(`${running.out}.sigmf-data`), `${program}`);
      } else if (program.status === 0) {
        checkCounter(running.out, { first: 0 });
      }
    } else {
      assert.equal(program.signalled, "SIGINT");
    }
  });
}

leavesNothing(
  "stop: a stream is started and stopped over and over, and the device stays well",
  () =>
    withHost(async ({ client, find }) => {
      const device = find("studio-counter");
      const stream = `${device.id}/buffer0`;
      for (let round = 0; round < 12; round++) {
        const transport = round % 3 === 2 ? "read" : "dmabuf";
        const heap = round % 2 === 0 ? "system" : "udmabuf";
        await client.request("stream.configure", {
          stream,
          patch: { transport, heap: transport === "read" ? "auto" : heap, blockCount: 4 + round },
        });
        const info = await client.request("stream.start", { stream });
        assert.equal(info.state.kind, "running");
        if (round % 4 !== 3) {
          await until(
            async () => (await client.request("stream.counters", { stream })).blocks > 2,
            "blocks",
          );
        }
        assert.equal((await client.request("stream.stop", { stream })).state.kind, "idle");
        assert.ok(isQuiet("studio-counter"));
      }
    }),
);

leavesNothing("stop: a stalled device says what it waits for, and goes on when it comes back", () =>
  withHost(async ({ client, find }) => {
    const stream = `${find("studio-counter").id}/buffer0`;
    const counters = () => client.request("stream.counters", { stream });
    await client.request("stream.start", { stream });
    await until(async () => (await counters()).blocks > 4, "blocks");
    assert.equal((await counters()).waitingFor, null);
    setControl("studio-counter", "stall", 1);
    const waiting = await until(async () => (await counters()).waitingFor, "the sentence");
    assert.match(waiting, /\S/);
    setControl("studio-counter", "stall", 0);
    await until(async () => (await counters()).waitingFor === null, "blocks to come again");
    await client.request("stream.stop", { stream });
  }),
);

leavesNothing(
  "stop: a buffer that another program switches off ends the recording, which is kept",
  async () => {
    const running = beginRecording([counter, ...slow]);
    await until(() => flows("studio-counter", 10), "blocks");
    writeAttribute("studio-counter", "buffer0/enable", 0);
    await running.program.end();
    assert.equal(running.program.status, 1, `${running.program}`);
    assert.match(running.program.json.error.message, /switched off/);
    checkCounter(running.out, { first: 0 });
    await verify(running.out);
  },
);

leavesNothing(
  "stop: a disk that runs full ends the recording, which is kept, and says why",
  async () => {
    const folder = "/run/small";
    fs.mkdirSync(folder, { recursive: true });
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=200M", "small", folder]);
    try {
      const { program, out } = beginRecording([counter, ...slow], { out: `${folder}/full` });
      await until(() => flows("studio-counter", 10), "blocks");
      fs.writeFileSync(`${folder}/ballast`, Buffer.alloc(140 * 2 ** 20));
      await program.end();
      assert.equal(program.status, 1, `${program}`);
      assert.match(program.json.error.message, /free|full|space/);
      assertSentence(program.json.error.message);
      assert.ok(program.json.samples > 5 * 512);
      checkCounter(out, { first: 0 });
      await verify(out);
      const next = `${folder}/next`;
      await refused(["record", counter, "--out", next, "--samples", "10"], /free|full|space/);
    } finally {
      spawnSync("umount", [folder]);
    }
  },
);

leavesNothing("stop: the device is as good as new after all that", async () => {
  const { out } = await record([counter, "--rate", "100000", "--samples", "50000"]);
  checkOnlyLost(checkCounter(out, { first: 0 }).gaps, getControl("studio-counter", "lost"));
});
