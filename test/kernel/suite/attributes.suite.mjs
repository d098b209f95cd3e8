// Attributes of every kind, read and written: what the device kept, and what it said.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { readAttribute } from "./driver.mjs";
import { test } from "./harness.mjs";
import { Program, assertSentence, refused, run, withHost } from "./studio.mjs";

const attrs = "local:studio-attrs";

function setSlowSeconds(seconds) {
  const file = path.join(process.env.KERNEL_TEST_CONTROL, "studio-attrs", "slow_seconds");
  fs.writeFileSync(file, String(seconds));
}

/** Reads and writes through one host; the command line is the same host. */
function withAttributes(use) {
  return withHost(({ client, find }) => {
    const device = find("studio-attrs").id;
    const address = (text) => {
      const [channel, name] = text.includes("/") ? text.split("/") : [null, text];
      const scope = channel ? { kind: "channel", channel } : { kind: "device" };
      return { device, scope, name };
    };
    return use({
      read: (text) => client.request("attribute.read", address(text)),
      write: (text, value) => client.request("attribute.write", { ...address(text), value }),
      async refuses(text, value) {
        const error = await client.request("attribute.write", { ...address(text), value }).then(
          (kept) => assert.fail(`${text} took ${value}: ${JSON.stringify(kept)}`),
          (thrown) => thrown.detail ?? thrown,
        );
        assertSentence(error.message);
        return error;
      },
    });
  });
}

test("attributes: the command line reads, writes, and says what the device kept", async () => {
  const gain = "voltage0/hardwaregain";
  const read = await run(["attr", attrs, gain]);
  assert.equal(read.name, gain);
  assert.match(read.value, /dB/);
  // Rounded to the device's step of 0.25 dB: what it kept counts, not what was written.
  const written = await run(["attr", attrs, gain, "12.3"]);
  assert.equal(parseFloat(written.value), 12.25);
  assert.equal(readAttribute("studio-attrs", "in_voltage0_hardwaregain"), "12.250000 dB");
});

test("attributes: a refused write is a sentence with the bounds, the errno and the kept value", async () => {
  const error = await refused(["attr", attrs, "voltage0/hardwaregain", "90"], /70/);
  assert.equal(error.code, "EINVAL");
  assert.match(error.kept, /dB/);
});

test("attributes: unknown devices, attributes and wrong usage are told apart", async () => {
  await refused(["attr", "local:studio-nothing", "note"], /no device/);
  await refused(["attr", attrs, "no_such_attribute"], /no_such_attribute/);
  await refused(["attr", attrs, "voltage9/scale"], /voltage9/);
  const usage = await new Program(["attr", attrs]).end();
  assert.equal(usage.status, 2);
});

test("attributes: lists, ranges, numbers of 64 bits, booleans and texts are written and read back", () =>
  withAttributes(async ({ read, write }) => {
    const writes = {
      "voltage0/gain_control_mode": ["hybrid", "in_voltage0_gain_control_mode", "hybrid"],
      "voltage1/calibbias": ["-128", "in_voltage1_calibbias", "-128"],
      "voltage0/scale": ["0.5", "in_voltage_scale", "0.500000"],
      rf_port: ["B_BALANCED", "rf_port", "B_BALANCED"],
      tracking_en: ["1", "tracking_en", "1"],
      note: ["two words", "note", "two words"],
    };
    for (const [name, [value, file, kept]] of Object.entries(writes)) {
      const answer = await write(name, value);
      assert.equal(answer.state, "ok", name);
      assert.equal(readAttribute("studio-attrs", file), kept);
      assert.equal((await read(name)).raw.trim(), kept);
    }
  }));

test("attributes: a local oscillator keeps every digit of its 64 bits", () =>
  withHost(async ({ client, find }) => {
    const device = find("studio-attrs");
    const lo = device.attributes.find((each) => each.name === "frequency");
    const address = { device: device.id, scope: lo.scope, name: lo.name };
    const kept = await client.request("attribute.write", { ...address, value: "5999999999" });
    assert.equal(kept.raw.trim(), "5999999999");
    assert.equal(readAttribute("studio-attrs", "out_altvoltage0_RX_LO_frequency"), "5999999999");
    await client.request("attribute.write", { ...address, value: "2400000000" });
  }));

test("attributes: a write-only one is written, and that is all there is to it", () =>
  withAttributes(async ({ write }) => {
    const before = Number(readAttribute("studio-attrs", "reset_count"));
    const answer = await write("reset", "1");
    assert.notEqual(answer.state, "failed");
    assert.equal(Number(readAttribute("studio-attrs", "reset_count")), before + 1);
  }));

test("attributes: what a list or a range does not hold is refused with what it holds", () =>
  withAttributes(async ({ refuses }) => {
    const port = await refuses("rf_port", "nowhere");
    assert.match(port.message, /A_BALANCED/);
    assert.match(port.kept, /_BALANCED/);
    assert.match((await refuses("voltage0/calibbias", "200")).message, /127/);
    assert.match((await refuses("voltage0/gain_control_mode", "loud")).message, /fast_attack/);
  }));

test("attributes: an errno of the device comes through, on reads and on writes", () =>
  withAttributes(async ({ read, refuses }) => {
    for (const code of ["EIO", "EINVAL", "EBUSY", "ENODEV"]) {
      const value = await read(`read_${code.toLowerCase()}`);
      assert.deepEqual([value.state, value.error?.code], ["failed", code]);
      assertSentence(value.error.message);
      assert.equal((await refuses(`write_${code.toLowerCase()}`, "1")).code, code);
    }
  }));

test("attributes: a slow one ends at its deadline with an error that names it; others go on", () =>
  withAttributes(async ({ read, refuses }) => {
    setSlowSeconds(20);
    try {
      const started = Date.now();
      const [slow, quick] = await Promise.all([read("slow_read"), read("serial_number")]);
      assert.ok(Date.now() - started < 15_000, "the deadline came before the device's answer");
      assert.equal(slow.state, "failed");
      assert.equal(slow.error.code, "ETIMEDOUT");
      assert.match(`${slow.error.message} ${slow.error.path}`, /slow_read/);
      assert.notEqual(quick.state, "unread");
      const write = await refuses("slow_write", "1");
      assert.equal(write.code, "ETIMEDOUT");
    } finally {
      setSlowSeconds(0);
    }
  }));

test("attributes: one that is slow but in time is no error", () =>
  withAttributes(async ({ read }) => {
    setSlowSeconds(1);
    try {
      assert.deepEqual((await read("slow_read")).raw?.trim(), "1");
    } finally {
      setSlowSeconds(0);
    }
  }));
