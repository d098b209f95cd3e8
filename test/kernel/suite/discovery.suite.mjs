// What the studio finds: devices, channels, formats, buffers, ways to fill blocks, attributes, triggers.

import assert from "node:assert/strict";

import { setPresent } from "./driver.mjs";
import { test } from "./harness.mjs";
import { assertSentence, deviceIn, run, until, withHost } from "./studio.mjs";

let inventory = null;

async function device(name) {
  inventory ??= await run(["devices"]);
  return deviceIn(inventory, name);
}

const channel = (of, id) => of.channels.find((each) => each.id === id);

function attribute(of, scope, name) {
  const found = of.attributes.find(
    (each) => each.name === name && (each.scope.channel ?? each.scope.kind) === scope,
  );
  assert.ok(found, `${of.name} has no attribute ${scope}/${name}`);
  return found;
}

const format = ({ scan: [{ format: each }] }) =>
  `${each.endianness}:${each.kind}${each.bits}/${each.storageBits}X${each.repeat}>>${each.shift}`;

test("discovery: every device of the driver is found, in the local context", async () => {
  const counter = await device("studio-counter");
  assert.match(counter.id, /^local:iio:device\d+$/);
  for (const name of ["studio-timestamped", "studio-kfifo", "studio-formats", "studio-attrs"]) {
    assert.equal((await device(name)).context, "local");
  }
  const local = inventory.contexts.find((context) => context.id === "local");
  assert.equal(local.state.kind, "ready");
  assert.match(local.detail, /Linux 6\.12/);
});

test("discovery: labels, formats, scale and offset of a converter's channels", async () => {
  const counter = await device("studio-counter");
  assert.equal(counter.label, "Studio counter");
  assert.deepEqual(
    counter.channels.map((each) => [each.id, each.direction, each.label]),
    [
      ["voltage0", "in", "count low"],
      ["voltage1", "in", "count high"],
      ["voltage2", "in", "count inverted"],
      ["voltage3", "in", "triangle"],
    ],
  );
  assert.deepEqual(counter.channels.map(format), [
    "le:u16/16X1>>0",
    "le:u16/16X1>>0",
    "le:s16/16X1>>0",
    "le:s16/16X1>>0",
  ]);
  const [first, , third] = counter.channels;
  assert.equal(Number(first.scale), 0.125);
  assert.equal(Number(first.offset), -32768);
  assert.equal(Number(third.offset), 0);
  assert.equal(first.unit, "V");
  assert.equal(first.unitFactor, 0.001);
});

test("discovery: formats of every odd kind, with their order in the scan", async () => {
  const formats = await device("studio-formats");
  const found = formats.channels
    .map((each) => [each.scan[0].index, each.id, format(each)])
    .sort((a, b) => a[0] - b[0]);
  assert.deepEqual(found, [
    [0, "voltage0_i", "be:s12/16X1>>4"],
    [1, "voltage0_q", "be:s12/16X1>>4"],
    [2, "voltage1", "le:u8/8X1>>0"],
    [3, "voltage2", "le:u24/32X1>>8"],
    [4, "voltage3", "be:s20/32X1>>4"],
    [5, "voltage4", "be:s64/64X1>>0"],
    [6, "rot_quaternion", "le:s32/32X4>>0"],
    [7, "voltage5", "le:u12/16X1>>0"],
    [8, "timestamp", "le:s64/64X1>>0"],
  ]);
});

test("discovery: I and Q are one pair, and every buffer of a device is there", async () => {
  const formats = await device("studio-formats");
  assert.deepEqual(
    formats.pairs.map(({ i, q, origin }) => [i, q, origin]),
    [["voltage0_i", "voltage0_q", "modifier"]],
  );
  assert.deepEqual(
    formats.buffers.map((buffer) => [buffer.index, buffer.direction, buffer.lengthAlignBytes]),
    [
      [0, "in", 64],
      [1, "in", 64],
    ],
  );
  for (const each of formats.channels) {
    assert.deepEqual(
      each.scan.map((element) => element.buffer),
      [0, 1],
    );
  }
  assert.deepEqual(
    formats.buffers.map((buffer) => [buffer.rate?.scope, buffer.rateHz]),
    [
      [{ kind: "buffer", buffer: 0 }, 50000],
      [{ kind: "buffer", buffer: 1 }, 50000],
    ],
  );
});

test("discovery: DMABUF where it is, with the heaps and a reason", async () => {
  const { buffers } = await device("studio-counter");
  const [buffer] = buffers;
  assert.equal(buffer.transport, "dmabuf");
  assert.equal(buffer.dmabuf.state, "yes");
  assert.equal(buffer.read.state, "yes");
  assertSentence(buffer.why);
  const heaps = Object.fromEntries(buffer.heaps.map((heap) => [heap.name, heap]));
  for (const name of ["system", "udmabuf"]) assert.equal(heaps[name].usable.state, "yes");
  assert.equal(heaps.udmabuf.directWrites, true);
  assert.equal(heaps.system.directWrites, false);
  assert.equal(buffer.needsTrigger, false);
  assert.equal(buffer.rateHz, 100000);
});

test("discovery: a kfifo has read() alone, says why, and wants a device trigger", async () => {
  const { buffers, triggers } = await device("studio-kfifo");
  const [buffer] = buffers;
  assert.equal(buffer.transport, "read");
  assert.equal(buffer.dmabuf.state, "no");
  assert.equal(buffer.dmabuf.error.code, "EPERM");
  assertSentence(buffer.why);
  assert.match(buffer.why, /DMABUF/);
  assert.equal(buffer.needsTrigger, true);
  const own = triggers.find((trigger) => trigger.name === "studio-trigger");
  assert.deepEqual([own?.kind, own?.rateHz], ["device", 0]);
});

test("discovery: attributes with their lists, ranges, controls and units", async () => {
  const attrs = await device("studio-attrs");
  const gain = attribute(attrs, "voltage0", "hardwaregain");
  assert.deepEqual(
    [gain.available.kind, Number(gain.available.min), Number(gain.available.step)],
    ["range", -10, 0.25],
  );
  assert.deepEqual([gain.control, gain.unit], ["range", "dB"]);
  const mode = attribute(attrs, "voltage0", "gain_control_mode");
  assert.deepEqual(mode.available, {
    kind: "list",
    values: ["manual", "fast_attack", "slow_attack", "hybrid"],
  });
  const bias = attribute(attrs, "voltage0", "calibbias");
  assert.deepEqual(bias.available, { kind: "range", min: "-128", step: "1", max: "127" });
  const lo = attrs.attributes.find((each) => each.name === "frequency");
  assert.equal(channel(attrs, lo.scope.channel).direction, "out");
  assert.equal(channel(attrs, lo.scope.channel).type, "altvoltage");
  assert.equal(lo.value.raw, "2400000000");
  assert.equal(lo.unit, "Hz");
  const scale = attrs.attributes.find((each) => each.name === "scale");
  assert.deepEqual(scale.available.kind, "list");
  assert.deepEqual(scale.available.values.map(Number), [0.125, 0.25, 0.5, 1]);
  const port = attribute(attrs, "device", "rf_port");
  assert.deepEqual([port.control, port.value.raw], ["list", "A_BALANCED"]);
  assert.equal(attribute(attrs, "device", "tracking_en").control, "boolean");
  assert.equal(attribute(attrs, "device", "note").control, "text");
  assert.equal(
    attribute(attrs, "device", "several_lines").value.raw.trim(),
    "first line\nsecond line",
  );
  assert.equal(attribute(attrs, "device", "empty_text").value.raw.trim(), "");
  assert.equal(attribute(attrs, "device", "serial_number").access, "read");
  assert.equal(attribute(attrs, "device", "reset").access, "write");
});

test("discovery: attributes that fail keep their errno, and the slow one costs no other", async () => {
  const attrs = await device("studio-attrs");
  for (const code of ["EIO", "EINVAL", "EBUSY", "ENODEV"]) {
    const { value } = attribute(attrs, "device", `read_${code.toLowerCase()}`);
    assert.equal(value.state, "failed", `${code}: ${JSON.stringify(value)}`);
    assert.equal(value.error.code, code);
    assertSentence(value.error.message);
  }
  assert.equal(attribute(attrs, "device", "write_eio").value.state, "ok");
});

test("discovery: a device that goes and comes is followed, and others are left alone", () =>
  withHost(async ({ client, find }) => {
    const id = find("studio-attrs").id;
    const seen = [];
    client.on("device", (event) => seen.push(event.device));
    client.on("device.removed", (event) => seen.push({ id: event.device, presence: "removed" }));
    const now = async () =>
      (await client.request("inventory.get", {})).devices.find(
        (each) => each.name === "studio-attrs" && each.presence === "present",
      );
    setPresent("studio-attrs", false);
    await until(async () => (await now()) === undefined, "the device to go");
    assert.ok(seen.some((each) => each.id === id && each.presence !== "present"));
    setPresent("studio-attrs", true);
    const back = await until(now, "the device to come back");
    await until(async () => {
      const attributes = await client.request("device.readAttributes", { device: back.id });
      return attributes.some((each) => each.name === "rf_port" && each.value.state === "ok");
    }, "its attributes");
    const others = new Set(seen.map((each) => each.id));
    assert.deepEqual(
      [...others].filter((each) => each !== id && each !== back.id),
      [],
    );
  }));
