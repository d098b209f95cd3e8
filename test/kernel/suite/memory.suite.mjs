// Which memory `auto` takes: that of udmabuf only for a device that was seen to fill it.

import assert from "node:assert/strict";
import fs from "node:fs";

import { dmabufBytes, isQuiet, setControl } from "./driver.mjs";
import { test } from "./harness.mjs";
import { givesAllBack } from "./holdings.mjs";
import { checkCounter } from "./recording.mjs";
import { newRecording, record, refused, until, withHost } from "./studio.mjs";

const counter = "local:studio-counter";
const short = ["--rate", "100000", "--block-size", "8192", "--samples", "40000", "--no-hash"];

test("memory: udmabuf is taken unasked after a run that filled every block of it, and not before", async () => {
  const home = fs.mkdtempSync("/run/home-proofs-");
  const heapOf = async (...more) => {
    const { out, result } = await record([counter, ...short, ...more], { home });
    checkCounter(out);
    return result.heap;
  };
  assert.equal(await heapOf(), "system");
  assert.equal(await heapOf("--heap", "udmabuf"), "udmabuf");
  assert.equal(await heapOf(), "udmabuf");
});

test("memory: a device that reports blocks of udmabuf it did not write ends the stream, with nothing of it shown", async () => {
  const home = fs.mkdtempSync("/run/home-proofs-");
  setControl("studio-counter", "fill", 0);
  try {
    const out = newRecording("stale");
    await refused(
      ["record", counter, ...short, "--heap", "udmabuf", "--out", out],
      /not written everywhere: \d+ bytes were as before\. .*Choose another memory\.$/,
      { home },
    );
    assert.ok(isQuiet("studio-counter"));
  } finally {
    setControl("studio-counter", "fill", 1);
  }
  const { result } = await record([counter, ...short], { home });
  assert.equal(result.heap, "system");
});

for (const heap of ["system", "udmabuf"]) {
  test(`memory: a start with memory of ${heap} tells how far it is, and gives all back when it is cancelled`, async () => {
    const before = dmabufBytes();
    await givesAllBack(() =>
      withHost(async ({ client, find }) => {
        const stream = `${find("studio-counter").id}/buffer0`;
        const patch = { heap, transport: "dmabuf", blockSize: { kind: "bytes", bytes: 512 << 10 } };
        await client.request("stream.configure", { stream, patch: { ...patch, blockCount: 1200 } });
        const told = [];
        client.on("stream", ({ stream: { state } }) => {
          if (state.kind === "starting" && state.allocation) told.push(state.allocation);
        });
        const started = client.request("stream.start", { stream });
        const refusal = assert.rejects(started, { code: "CANCELLED" });
        await until(() => told.length > 0, "memory to be allocated");
        const stopped = await client.request("stream.stop", { stream });
        await refusal;
        assert.equal(stopped.state.kind, "idle");
        for (const { bytes, totalBytes } of told) {
          assert.equal(totalBytes, 1200 * (512 << 10));
          assert.ok(bytes > 0 && bytes <= totalBytes, `${bytes} of ${totalBytes}`);
        }
        assert.ok(isQuiet("studio-counter"));
        await client.request("stream.configure", { stream, patch: { blockCount: 16 } });
        const again = await client.request("stream.start", { stream });
        assert.equal(again.state.kind, "running");
      }),
    );
    assert.equal(dmabufBytes(), before);
  });
}
