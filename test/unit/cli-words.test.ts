/** What the command line refuses, in the words of its own options, and says to nobody. */
import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { numberOption, readArguments } from "../../electron/cli/arguments.js";
import { readPlan } from "../../electron/cli/commands/record.js";
import { streamsNamed } from "../../electron/cli/commands/record-group.js";
import { hintOf } from "../../electron/cli/commands/tune.js";
import { serve } from "../../electron/cli/commands/serve.js";
import type { Output } from "../../electron/cli/output.js";
import { survivePipes } from "../../electron/cli/pipes.js";
import { inOptions } from "../../electron/cli/run.js";
import type { Inventory } from "../../shared/device.js";
import type { TuneFound } from "../../shared/tune.js";

const output: Output = { answer: () => {}, failed: () => {}, note: () => {}, progress: () => {} };

describe("a refusal of the command line", () => {
  it("of a port says which there are", async () => {
    for (const port of ["65536", "99999", "1.5"]) {
      const args = readArguments(["serve", "--url", "--port", port]);
      await expect(serve(args, output)).rejects.toThrow(
        `--port takes a whole number from 0 to 65535, not "${port}".`,
      );
    }
    const most = { integer: true, least: 0, most: 65_535 };
    expect(numberOption(readArguments(["serve", "--port", "65535"]), "port", most)).toBe(65_535);
  });

  it("names the option that chooses a device trigger", () => {
    const refused = { code: "EINVAL", field: "deviceTrigger" };
    const words = (message: string) => inOptions({ ...refused, message }).message;
    expect(words("imu needs a device trigger. Choose t1 or t2.5.")).toBe(
      "imu needs a device trigger. Choose t1 or t2.5, with --device-trigger.",
    );
    const none = "This buffer needs a device trigger, and there is none. Create one.";
    expect(words(none)).toBe(none);
    const other = { code: "EINVAL", field: "channels", message: "Choose a channel." };
    expect(inOptions(other)).toEqual(other);
  });

  it("of what only several devices have says so", () => {
    const args = readArguments(["record", "sim:adc", "--out", "take", "--shared-clock"]);
    expect(() => readPlan(args)).toThrow("--shared-clock is about several DEVICEs");
  });

  it("of a group says which device was named twice", () => {
    const device = (id: string, name: string) => ({ id, name, label: name, context: "local" });
    const inventory = {
      devices: [device("local:iio:device0", "adc"), device("local:iio:device1", "imu")],
    } as unknown as Inventory;
    const named = (...texts: string[]) => streamsNamed(inventory, texts);
    expect(named("local:adc", "local:imu", "local:adc/buffer1")).toHaveLength(3);
    expect(() => named("local:adc", "local:imu", "local:adc")).toThrow(
      "local:adc is named twice. Name each once; a device's other buffers are DEVICE/buffer1",
    );
    expect(() => named("local:iio:device0", "local:adc/buffer0")).toThrow(
      "local:iio:device0 and local:adc/buffer0 are the same.",
    );
  });
});

describe("output that nobody takes any more", () => {
  const failed = (code: string) => Object.assign(new Error(code), { code });

  it("ends a command quietly if it is its answer, and not at all if it is its progress", () => {
    const [stdout, stderr] = [new EventEmitter(), new EventEmitter()];
    const ends: number[] = [];
    survivePipes((status) => void ends.push(status), stdout, stderr);
    stderr.emit("error", failed("EIO"));
    expect(ends).toEqual([]);
    stdout.emit("error", failed("EPIPE"));
    stdout.emit("error", failed("ENOSPC"));
    expect(ends).toEqual([0, 1]);
  });
});

describe("what tune found", () => {
  const found = { blockBytes: 4096, blockCount: 8, queueDepth: 6 } as TuneFound;
  const hint = (...argv: string[]) =>
    hintOf("local:iio:device0", readArguments(["tune", "local:adc", ...argv]), {
      state: { kind: "done", found },
    });

  it("is told as a command line of record for the same stream", () => {
    const sizes = "--blocks 8 --block-size 4096 --queue 6";
    expect(hint()).toBe(`record local:iio:device0 --out BASENAME ${sizes}`);
    expect(hint("--rate", "1M", "--channels", "a,b", "--seconds", "5", "--margin", "20")).toBe(
      `record local:iio:device0 --out BASENAME --channels a,b --rate 1M ${sizes}`,
    );
    expect(hint("--device-trigger", "it's t1", "--cpus", "2,3", "--realtime", "40")).toBe(
      `record local:iio:device0 --out BASENAME --device-trigger 'it'\\''s t1' --realtime 40 --cpus 2,3 ${sizes}`,
    );
  });
});
