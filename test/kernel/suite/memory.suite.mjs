// Which memory `auto` takes: that of udmabuf only for a device that was seen to fill it.

import assert from "node:assert/strict";
import fs from "node:fs";

import { isQuiet, setControl } from "./driver.mjs";
import { test } from "./harness.mjs";
import { checkCounter } from "./recording.mjs";
import { newRecording, record, refused } from "./studio.mjs";

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
