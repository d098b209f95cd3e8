/** What long metadata cost does not take the host's thread away from everything else. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { Catalogue } from "../../electron/host/recordings/catalogue.js";
import type { CompletionState } from "../../electron/host/recordings/complete.js";
import {
  partsWritten,
  writeParts,
  writePartsSoon,
} from "../../electron/host/recordings/parts-writer.js";
import type { RecordingFacts } from "../../shared/sigmf/types.js";
import { ADC, makeBench } from "./fake/host.js";

/** When each piece of work began and ended, and how long each is made to take. */
type Spell = { from: number; to: number };
const writes: Spell[] = [];
const looks: Spell[] = [];
const collections: Spell[] = [];
/** Metadata files that were read. */
const reads: string[] = [];
const COST_MS = 60;

vi.mock("../../electron/host/recordings/complete.js", async (original) => {
  const real = await original<{ writeMetadata(...all: unknown[]): Promise<void> }>();
  return {
    writeMetadata: async (folder: string, facts: RecordingFacts, state: CompletionState) => {
      const from = performance.now();
      await new Promise((resolve) => setTimeout(resolve, COST_MS));
      await real.writeMetadata(folder, facts, state);
      if (state.status === "recording") writes.push({ from, to: performance.now() });
    },
  };
});
vi.mock("../../shared/sigmf/read.js", async (original) => {
  const real = await original<{ readMetadata(json: unknown): unknown }>();
  return {
    ...real,
    readMetadata: (json: unknown) => {
      const from = performance.now();
      while (performance.now() < from + COST_MS);
      const read = real.readMetadata(json);
      looks.push({ from, to: performance.now() });
      return read;
    },
  };
});

vi.mock("../../electron/host/json-file.js", async (original) => {
  const real = await original<{ writeAtomically(...all: unknown[]): Promise<void> }>();
  return {
    ...real,
    writeAtomically: async (path: string, text: string) => {
      const from = performance.now();
      if (path.endsWith("-collection")) await new Promise((done) => setTimeout(done, COST_MS));
      await real.writeAtomically(path, text);
      if (path.endsWith("-collection")) collections.push({ from, to: performance.now() });
    },
  };
});
vi.mock("node:fs/promises", async (original) => {
  const real = await original<{ readFile(path: string, ...more: never[]): Promise<unknown> }>();
  return {
    ...real,
    readFile: (path: string, ...more: never[]) => {
      if (path.endsWith(".sigmf-meta")) reads.push(path);
      return real.readFile(path, ...more);
    },
  };
});

afterEach(() => {
  looks.length = writes.length = collections.length = reads.length = 0;
});

/** Between two pieces of work lie nine times what the first one took. */
function expectRests(spells: Spell[]): void {
  spells.slice(1).forEach(({ from }, at) => {
    expect(from - spells[at]!.to).toBeGreaterThanOrEqual(9 * COST_MS);
  });
}

describe("many gaps", () => {
  it("are written into the metadata as often as that leaves time for the rest", async () => {
    const bench = await makeBench();
    await bench.client.request("recording.start", { stream: ADC, name: "gaps", hash: false });
    await bench.next("recording", ({ status }) => status.scans > 0);
    for (let seen = 0; writes.length < 3;) {
      await bench.client.request("stream.fault", { stream: ADC, fault: "lost-blocks" });
      const { status } = await bench.next("recording", (one) => one.status.continuity.gaps > seen);
      seen = status.continuity.gaps;
    }
    expectRests(writes.slice(0, 3));
    await bench.client.request("recording.stop", { stream: ADC });
    await bench.close();
  });

  it("in a file that is written again and again leave time between two looks at it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-catalogue-"));
    const write = (note: string) =>
      writeFileSync(
        join(folder, "a.sigmf-meta"),
        JSON.stringify({
          global: { "core:datatype": "ri16_le", "core:version": "1.2.5", "core:description": note },
          captures: [],
          annotations: [],
        }),
      );
    write("");
    const catalogue = new Catalogue();
    await catalogue.setFolder(folder);
    for (let n = 0; looks.length < 4; n++) {
      write("x".repeat(n % 100));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    catalogue.close();
    expectRests(looks);
    rmSync(folder, { recursive: true });
  });
});

describe("many parts", () => {
  const folder = mkdtempSync(join(tmpdir(), "studio-parts-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const nameOf = (number: number) => `take-part${String(number).padStart(4, "0")}`;
  const part = (number: number, note = "") =>
    writeFileSync(
      join(folder, `${nameOf(number)}.sigmf-meta`),
      JSON.stringify({ global: { "iio:part": { of: "take", number }, note } }),
    );
  const streams = () =>
    (
      JSON.parse(readFileSync(join(folder, "take.sigmf-collection"), "utf8")) as {
        collection: { "core:streams": { name: string; hash: string }[] };
      }
    ).collection["core:streams"];

  it("are each read once for their collection, and again only when they have changed", async () => {
    for (let n = 1; n <= 50; n++) part(n);
    await writeParts(folder, "take", { note: "" });
    expect(reads).toHaveLength(50);
    const before = streams();
    reads.length = 0;
    part(7, "another");
    part(51);
    rmSync(join(folder, `${nameOf(3)}.sigmf-meta`));
    await writeParts(folder, "take", { note: "" });
    expect(reads.map((path) => path.slice(folder.length + 1))).toEqual(
      expect.arrayContaining([7, 51].map((n) => `${nameOf(n)}.sigmf-meta`)),
    );
    expect(reads).toHaveLength(2);
    const kept = before.filter(({ name }) => name !== nameOf(3) && name !== nameOf(7));
    expect(streams()).toEqual(expect.arrayContaining(kept));
    expect(streams().map(({ name }) => name)).toContain(nameOf(51));
    expect(streams().map(({ name }) => name)).not.toContain(nameOf(3));
    expect(streams().find(({ name }) => name === nameOf(7))).not.toEqual(before[6]);
  });

  it("leave time between two writes of their collection, and the last of them stands in it", async () => {
    const fault = (error: unknown) => expect.fail(String(error));
    let n = 60;
    while (collections.length < 3) {
      part(++n);
      writePartsSoon(folder, "take", { note: "" }, fault);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expectRests(collections.slice(0, 3));
    part(++n);
    writePartsSoon(folder, "take", { note: "" }, fault);
    await partsWritten();
    expect(streams().at(-1)!.name).toBe(nameOf(n));
  });
});
