// A plain user: refused with the fix at first, and well served by the shipped udev rule alone.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { deviceFolder, getControl, readAttribute, setPresent, writeAttribute } from "./driver.mjs";
import { test } from "./harness.mjs";
import { checkCounter, checkOnlyLost } from "./recording.mjs";
import { deviceIn, newRecording, record, refused, run, until } from "./studio.mjs";

const counter = "local:studio-counter";
const rule = fileURLToPath(
  new URL("../../../electron/packaging/udev/60-iio-studio.rules", import.meta.url),
);
const stranger = { user: true };
const member = { user: true, groups: ["iio"] };
const values = ["--channels", "voltage0,voltage1,voltage2,voltage3"];

test("permissions: a stranger is told what is missing and how to mend it", async () => {
  const error = await refused(
    ["record", counter, "--out", newRecording(), "--samples", "100"],
    /may not|permission/,
    stranger,
  );
  assert.match(error.fix, /60-iio-studio\.rules/);
  assert.match(error.fix, /usermod .*iio/);
  const attr = await refused(
    ["attr", counter, "voltage0/scale", "0.25"],
    /may not|permission/,
    stranger,
  );
  assert.match(attr.fix, /60-iio-studio\.rules/);
});

test("permissions: a stranger still sees the devices, with the reason and the fix at the buffer", async () => {
  const device = deviceIn(await run(["devices"], stranger), "studio-counter");
  assert.equal(device.channels.length, 4);
  const [buffer] = device.buffers;
  assert.equal(buffer.dmabuf.state, "no");
  assert.match(buffer.why, /udev rule/);
  assert.match(buffer.fix, /udevadm/);
});

test("permissions: the doctor names the fix to a stranger", async () => {
  const { checks } = await run(["doctor"], stranger);
  const fixes = checks.filter((check) => check.state !== "good").flatMap((check) => check.fix);
  assert.match(fixes.join("\n"), /60-iio-studio\.rules/);
  assert.match(fixes.join("\n"), /usermod .*iio/);
});

function applyRule() {
  const result = spawnSync(path.join(process.env.KERNEL_TEST_GUEST, "with-udev"), [rule], {
    encoding: "utf8",
  });
  assert.equal(result.status, 0, `${result.stdout}${result.stderr}`);
}

/** The user of the group does all that a recording needs; nobody helps. */
async function recordsAsMember(ways) {
  // What the test before left: the user must be able to change it.
  for (const channel of ["voltage0", "voltage1", "voltage2", "voltage3"]) {
    writeAttribute("studio-counter", `buffer0/in_${channel}_en`, 0);
  }
  writeAttribute("studio-counter", "in_voltage_scale", 0.125);
  for (const way of ways) {
    const { out, result } = await record(
      [
        ...[counter, ...values, ...way, "--set", "voltage0/scale=0.25", "--rate", "50000"],
        ...["--samples", "20000"],
      ],
      member,
    );
    assert.equal(Number(readAttribute("studio-counter", "in_voltage_scale")), 0.25);
    assert.equal(result.transport, way.includes("read") ? "read" : "dmabuf");
    checkOnlyLost(checkCounter(out).gaps, getControl("studio-counter", "lost"));
  }
}

test("permissions: after the shipped rule a plain user of the group sets, enables and records", async () => {
  applyRule();
  await recordsAsMember([
    ["--heap", "system"],
    ["--heap", "udmabuf"],
    ["--transport", "read"],
  ]);
});

test("permissions: so it is after an unplug and a replug, without anyone's help", async () => {
  setPresent("studio-counter", false);
  setPresent("studio-counter", true);
  await until(() => deviceFolder("studio-counter"), "the device");
  spawnSync(path.join(path.dirname(process.env.KERNEL_TEST_TOOLS), "unpacked/bin/udevadm"), [
    "settle",
    "--timeout=30",
  ]);
  await recordsAsMember([
    ["--transport", "dmabuf"],
    ["--transport", "read"],
  ]);
});

test("permissions: a device trigger can be chosen and set by the user as well", async () => {
  const { result } = await record(
    [
      ...["local:studio-kfifo", "--device-trigger", "studio-trigger"],
      ...["--device-trigger-rate", "400", "--samples", "200", "--no-hash"],
    ],
    member,
  );
  assert.equal(result.samples, 200);
});

test("permissions: whoever is not in the group still may not", async () => {
  await refused(
    ["record", counter, "--out", newRecording(), "--samples", "100"],
    /may not|permission/,
    stranger,
  );
});

test("permissions: the doctor is content with a member of the group", async () => {
  const { checks } = await run(["doctor"], member);
  const found = checks.filter((check) =>
    /permission|group|udev|device|heap|udmabuf/i.test(check.id),
  );
  assert.ok(found.length > 0, JSON.stringify(checks.map((check) => check.id)));
  assert.doesNotMatch(
    JSON.stringify(checks.filter((check) => check.state === "missing")),
    /usermod/,
  );
});
