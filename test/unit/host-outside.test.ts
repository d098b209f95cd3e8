/** Names that stand in files are followed to no other folder, and to no other recording than the one they belong to. */
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { followMembers, leaveGroup } from "../../electron/host/recordings/group-files.js";
import { notBeside, ownerOf } from "../../electron/host/recordings/names.js";
import { verifyRecording } from "../../electron/host/recordings/verify.js";
import { readGroup } from "../../shared/sigmf/group.js";
import { bench, benchForEach, request } from "./fake/each-bench.js";
import { ADC, RX } from "./fake/host.js";
import {
  collection,
  dataNames,
  ended,
  file,
  folder,
  part,
  partBegan,
  ringOf,
  smallBlocks,
} from "./fake/recordings-bench.js";

benchForEach(smallBlocks);

const ENDINGS = [".iio-journal", ".sigmf-meta", ".sigmf-data", ".sigmf-collection"];
const outside = (ending: string) => join(bench.folder, `outside${ending}`);

function edit(name: string, change: (json: Record<string, Record<string, unknown>>) => void): void {
  const json = JSON.parse(readFileSync(file(name), "utf8")) as never;
  change(json);
  writeFileSync(file(name), JSON.stringify(json));
}

async function record(more: object): Promise<void> {
  const end = ended();
  await request("recording.start", { stream: ADC, hash: false, name: "take", ...more });
  await end;
  await request("stream.stop", { stream: ADC });
}

/** Files of somebody, which look like those of a recording. */
function leaveOutside(like: string): void {
  for (const ending of ENDINGS) {
    if (existsSync(file(like + ending))) copyFileSync(file(like + ending), outside(ending));
    else writeFileSync(outside(ending), "");
  }
}

describe("what a part says of its collection", () => {
  const split = { kind: "bytes" as const, bytes: 40_000 };
  beforeEach(() => record({ split, scans: 45_000 }));

  it("leads a ring that goes on to no file outside, and to none of another recording", async () => {
    await record({ name: "other", scans: 20_000 });
    leaveOutside("other");
    for (const [n, owner] of [
      [1, "../outside"],
      [2, "other"],
    ] as const) {
      rmSync(file(`${part(n)}.iio-journal`));
      edit(`${part(n)}.sigmf-meta`, ({ global }) => (global!["core:collection"] = owner));
    }
    await request("recording.start", {
      ...{ stream: ADC, hash: false, name: "take", resume: true },
      ...ringOf(0.3, 0.1),
    });
    await partBegan(9);
    await request("recording.stop", { stream: ADC });
    expect(dataNames()).toContain("other");
    for (const gone of [1, 2]) expect(dataNames()).not.toContain(part(gone));
    for (const ending of ENDINGS) expect(existsSync(outside(ending))).toBe(true);
    expect(existsSync(file("other.iio-journal"))).toBe(true);
  });

  it("is not followed by verify, nor is what the collection of all parts names", async () => {
    leaveOutside(part(1));
    edit(`${part(1)}.sigmf-meta`, ({ global }) => (global!["core:collection"] = "../outside"));
    const before = await verifyRecording(file("take"));
    expect(before.checked.join(" ")).not.toContain("outside");
    expect(before.checked.join(" ")).toContain(part(1));
    edit("take.sigmf-collection", ({ collection: inner }) => {
      (inner!["core:streams"] as { name: string }[])[0]!.name = "../outside";
    });
    const { faults, checked } = await verifyRecording(file("take"));
    expect(faults).toContain(notBeside("take", "../outside"));
    expect(checked.join(" ")).not.toContain("outside");
  });
});

describe("what the collection of a group names", () => {
  beforeEach(async () => {
    const begun = [ADC, RX].map((stream) =>
      bench.next("recording", ({ status }) => status.stream === stream && status.scans > 50_000),
    );
    const group = { name: "pair", hash: false, sharedClock: false };
    await request("group.start", { streams: [ADC, RX], ...group });
    await Promise.all(begun);
    await request("group.stop", { name: "pair" });
    leaveOutside("pair-adc");
  });
  const members = () =>
    readGroup({ collection: collection("pair") })!.members.map(({ name }) => name);
  const rename = (from: string, to: string) =>
    edit("pair.sigmf-collection", ({ collection: inner }) => {
      const group = inner!["iio:group"] as { members: { name: string }[] };
      for (const one of [...group.members, ...(inner!["core:streams"] as { name: string }[])]) {
        if (one.name === from) one.name = to;
      }
    });

  it("is not read outside by verify, and a group is no member of itself", async () => {
    for (const [from, to] of [
      ["pair-adc", "../outside"],
      ["pair-transceiver", "pair"],
    ] as const) {
      rename(from, to);
      const { faults, checked } = await verifyRecording(file("pair"));
      expect(faults).toContain(notBeside("pair", to));
      expect(checked.join(" ")).not.toContain("outside");
    }
  });

  it("is left out where the group is followed, or left by another recording", async () => {
    rename("pair-adc", "../outside");
    await followMembers(folder(), "pair");
    expect(members()).toEqual(["pair-transceiver"]);
    expect(collection("pair")["core:streams"].map(({ name }) => name)).toEqual([
      "pair-transceiver",
    ]);
    await leaveGroup(folder(), "pair", "pair-transceiver");
    expect(existsSync(file("pair.sigmf-collection"))).toBe(false);
    for (const ending of ENDINGS) expect(existsSync(outside(ending))).toBe(true);
  });

  it("leads to no file outside through the collection of a member either", async () => {
    const streams = { "core:streams": [{ name: "../outside", hash: "" }] };
    writeFileSync(file("pair-adc.sigmf-collection"), JSON.stringify({ collection: streams }));
    await followMembers(folder(), "pair");
    expect(collection("pair")["core:streams"].map(({ name }) => name)).toEqual([
      "pair-transceiver",
    ]);
  });
});

describe("the recording that a file belongs to", () => {
  it("is what its collection says only if that recording would have a file of such a name", () => {
    expect(ownerOf("take-part0001-wide", "take-part0001")).toBe("take-part0001");
    expect(ownerOf("take-wide", "take")).toBe("take");
    for (const other of [undefined, 3, "", "other", "../outside", "tak", ".", "take-wide"]) {
      expect(ownerOf("take-wide", other)).toBe("take-wide");
    }
  });
});
