/** What long metadata cost does not take the host's thread away from everything else. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Catalogue } from "../../electron/host/recordings/catalogue.js";
import type { CompletionState } from "../../electron/host/recordings/complete.js";
import type { RecordingFacts } from "../../shared/sigmf/types.js";
import { ADC, makeBench } from "./fake/host.js";

/** When each piece of work began and ended, and how long each is made to take. */
type Spell = { from: number; to: number };
const writes: Spell[] = [];
const looks: Spell[] = [];
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

afterEach(() => {
  looks.length = writes.length = 0;
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
