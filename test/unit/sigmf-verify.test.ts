import { describe, expect, it } from "vitest";
import { readJournal } from "../../shared/journal-summary.js";
import { buildCollection, buildMetadata } from "../../shared/sigmf/metadata.js";
import { verifyRecording } from "../../shared/sigmf/verify.js";
import type { VerifyFacts } from "../../shared/sigmf/verify.js";
import { channelsOf, factsOf } from "./sigmf-fixture.js";
import { JournalWriter } from "./shared-journal-writer.js";

const hash = (digit: string) => digit.repeat(128);

/** 200 scans with a gap of 10 in the middle, samples and timestamps, as a collection. */
function found(): Required<Pick<VerifyFacts, "collection">> & VerifyFacts {
  const channels = channelsOf(["voltage0", "le:s16/16"], ["timestamp", "le:s64/64"]);
  const facts = factsOf(channels);
  const gap = {
    grade: "exact" as const,
    cause: "timestamp" as const,
    lost: 10,
    lostMin: 10,
    lostMax: 10,
  };
  const summary = readJournal(
    new JournalWriter()
      .header({})
      .proof(0, "exact", "transport")
      .segment({ scanCount: 100 })
      .segment({ sequence: 1, scan: 110, sample: 100, scanCount: 100, gap })
      .end(200, 5n)
      .bytes(),
  );
  const state = { journal: summary, status: "complete" as const };
  return {
    name: "bench",
    recordings: facts.outputs.map((output) => ({
      name: `bench${output.suffix}`,
      meta: buildMetadata(facts, output, {
        ...state,
        sha512: output.suffix === "" ? hash("a") : hash("b"),
      }),
      sha512OfMeta: output.suffix === "" ? hash("c") : hash("d"),
      dataBytes: 200 * output.scanBytes,
      sha512OfData: output.suffix === "" ? hash("A") : hash("B"),
    })),
    collection: buildCollection(
      facts,
      [
        { suffix: "", sha512OfMeta: hash("c") },
        { suffix: "-timestamp", sha512OfMeta: hash("d") },
      ],
      state,
    ),
    journal: { name: "bench.journal", summary, wrongSegments: [] },
  };
}

const faultsOf = (change: (facts: ReturnType<typeof found>) => void) => {
  const facts = structuredClone(found());
  change(facts);
  return verifyRecording(facts).faults.join("\n");
};
const meta = (facts: ReturnType<typeof found>, at = 0) =>
  facts.recordings[at]!.meta as { global: Record<string, unknown>; captures: object[] };

describe("verifying a recording", () => {
  it("finds nothing wrong with a good one and says what it looked at", () => {
    const { faults, checked } = verifyRecording(found());
    expect(faults).toEqual([]);
    expect(checked).toHaveLength(2 * 4 + 3);
    expect(checked).toContain("bench: SHA-512 of the data");
    expect(checked).toContain("bench.journal: CRC32C of 2 segments");
  });

  it("finds data that are cut, torn, missing or changed", () => {
    expect(faultsOf((f) => (f.recordings[0]!.dataBytes = 398))).toMatch(
      /bench: the data file holds 199 samples, the metadata say 200/,
    );
    expect(faultsOf((f) => (f.recordings[0]!.dataBytes = 401))).toMatch(/not whole samples of 2/);
    expect(faultsOf((f) => (f.recordings[1]!.dataBytes = null))).toMatch(
      /bench-timestamp: the data file is missing/,
    );
    expect(faultsOf((f) => (f.recordings[0]!.sha512OfData = hash("e")))).toMatch(
      /differ from the SHA-512/,
    );
    expect(faultsOf((f) => (f.recordings[0]!.dataBytes = 100))).toMatch(
      /captures\[1\] begins at sample 100, beyond the data/,
    );
    const run = (sample: number) => ({ sample, scanCount: 100 });
    expect(faultsOf((f) => (f.journal!.wrongSegments = [run(100)]))).toMatch(
      /data of samples 100 to 199 differ from their CRC32C/,
    );
    expect(faultsOf((f) => (f.journal!.wrongSegments = [run(0), run(100)]))).toMatch(
      /data of samples 0 to 199 differ/,
    );
  });

  it("proves every file strip by strip by its side index, and tells its faults from the data's", () => {
    const judge = (change: (facts: ReturnType<typeof found>) => void) => {
      const facts = structuredClone(found());
      for (const { name, ...recording } of facts.recordings) {
        const index = { name: `${name}.iio-index`, fault: null, strips: 2, covers: 200, wrong: [] };
        Object.assign(
          facts.recordings.find((one) => one.name === name)!,
          recording,
          { index },
        );
      }
      Object.assign(facts.journal!, { compared: 200 });
      change(facts);
      return verifyRecording(facts);
    };
    const second = { sample: 100, scanCount: 100 };
    const good = judge(() => {});
    expect(good.faults).toEqual([]);
    expect(good.notes).toEqual([]);
    expect(good.checked).toContain("bench-timestamp.iio-index: CRC32C of 2 strips");

    const one = judge((f) => (f.recordings[1]!.index!.strips = 1));
    expect(one.checked).toContain("bench-timestamp.iio-index: CRC32C of 1 strip");

    // The journal tells nothing of the second file.
    expect(judge((f) => (f.recordings[1]!.index!.wrong = [second])).faults).toEqual([
      "bench-timestamp.iio-index: the data of samples 100 to 199 differ from their CRC32C.",
    ]);
    // Of the first it does, and more narrowly.
    const narrow = judge((f) => {
      f.recordings[0]!.index!.wrong = [second];
      f.journal!.wrongSegments = [{ sample: 150, scanCount: 10 }];
    });
    expect(narrow.faults).toEqual([
      "bench.journal: the data of samples 150 to 159 differ from their CRC32C.",
    ]);
    const own = judge((f) => (f.recordings[0]!.index!.wrong = [second]));
    expect(own.faults).toEqual([]);
    expect(own.notes.join()).toMatch(/1 of 2 strips .* right by the journal\. Open the recording/);
    const beyond = judge((f) => {
      f.recordings[0]!.index!.wrong = [second];
      f.journal!.compared = 100;
    });
    expect(beyond.faults.join()).toMatch(/samples 100 to 199/);

    const first = { sample: 0, scanCount: 100 };
    expect(judge((f) => (f.recordings[1]!.index!.wrong = [first, second])).faults.join()).toMatch(
      /damaged throughout, or it belongs to others/,
    );
    const useless = judge((f) =>
      Object.assign(f.recordings[1]!.index!, { fault: "it is damaged", strips: 0, covers: 0 }),
    );
    expect(useless.faults).toEqual([]);
    expect(useless.notes.join()).toMatch(/does not serve: it is damaged\. Open the recording/);
    const short = judge((f) => Object.assign(f.recordings[1]!.index!, { strips: 1, covers: 100 }));
    expect(short.faults).toEqual([]);
    expect(short.notes.join()).toMatch(/covers the first 100 of 200 samples/);
  });

  it("finds metadata that break the rules or cannot be read", () => {
    expect(faultsOf((f) => delete meta(f).global["core:datatype"])).toMatch(/lacks core:datatype/);
    expect(
      faultsOf((f) => Object.assign(f.recordings[0]!, { meta: undefined, metaError: "not JSON" })),
    ).toMatch(/can't be read: not JSON/);
    expect(faultsOf((f) => (f.recordings = []))).toMatch(/no recording of this name/);
  });

  it("finds gaps that were added, removed or miscounted", () => {
    expect(faultsOf((f) => meta(f).captures.pop())).toMatch(/captures hold 0 gaps/);
    expect(faultsOf((f) => Object.assign(meta(f).captures[1]!, { "iio:lost": 3 }))).toMatch(
      /add up to 3 lost scans, the verdict says 10/,
    );
    expect(
      faultsOf((f) => {
        for (const at of [0, 1]) {
          meta(f, at).captures.pop();
          meta(f, at).global["iio:continuity"] = { gaps: 0, lost: 0 };
        }
      }),
    ).toMatch(/the journal holds 1 gap, the metadata 0/);
  });

  it("finds a journal that disagrees or is damaged", () => {
    expect(faultsOf((f) => (f.journal!.summary.end!.samples = 190))).toMatch(
      /journal counts 190 samples, the metadata 200/,
    );
    expect(faultsOf((f) => f.journal!.summary.faults.push("It is damaged."))).toMatch(
      /bench.journal: It is damaged/,
    );
  });

  it("finds a collection whose members are missing or changed", () => {
    expect(faultsOf((f) => f.recordings.pop())).toMatch(
      /bench-timestamp of the collection is missing/,
    );
    expect(faultsOf((f) => (f.recordings[0]!.sha512OfMeta = hash("e")))).toMatch(
      /metadata of bench differ from the hash/,
    );
    expect(faultsOf((f) => (meta(f).global["core:collection"] = "other"))).toMatch(
      /does not name bench/,
    );
    expect(faultsOf((f) => Object.assign(f, { collection: undefined }))).toMatch(
      /collection bench it belongs to is missing/,
    );
  });

  it("does not hold a running recording to its last known length", () => {
    const growing = faultsOf((f) => {
      for (const at of [0, 1]) meta(f, at).global["iio:state"] = "recording";
      f.recordings[0]!.dataBytes = 600;
      f.recordings[0]!.sha512OfData = undefined as never;
    });
    expect(growing).toBe("");
  });
});
