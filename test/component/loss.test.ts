import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { endedTitle } from "../../renderer/lib/ended.js";
import { countedBy, lossVerdict, type LossFacts } from "../../renderer/lib/loss.js";
import type { RecordingResult } from "../../shared/recording.js";
import type { Continuity, Grade, StreamSettings } from "../../shared/stream.js";
import { ADC, bench, CONVERTER, mountWindow, showing, soon } from "./window.js";

const facts = (grade: Grade, more: Partial<Continuity> = {}): LossFacts => ({
  continuity: { grade, gaps: 0, lost: 0, lostMin: 0, lostMax: 0, ...more },
  scans: 412_508,
  rateHz: 1e6,
  counted: null,
});

describe("what is said of loss", () => {
  test("a plain device that lost nothing it knows of never ran dry, which is not the same as no loss", () => {
    expect(lossVerdict(facts("estimated")).text).toBe("never ran dry");
  });

  test("estimated gaps are possible ones, with the bound in time", () => {
    const verdict = lossVerdict(facts("estimated", { gaps: 3, lost: 600, lostMax: 1200 }));
    expect(verdict).toMatchObject({ tone: "gap", text: "3 possible gaps, ≤ 1.2 ms" });
  });

  test("one gap is one gap", () => {
    expect(lossVerdict(facts("estimated", { gaps: 1, lostMax: 6 })).text).toBe(
      "1 possible gap, ≤ 6 µs",
    );
  });

  test("a gap without a bound says so", () => {
    expect(lossVerdict(facts("estimated", { gaps: 1, lostMax: null })).text).toBe(
      "1 possible gap, length not bounded",
    );
  });

  test("exact counts are given where they can be known, and by what", () => {
    const clean = lossVerdict({ ...facts("exact"), counted: "timestamps" });
    expect(clean).toEqual({
      tone: "quiet",
      text: "no gap in 412,508 scans",
      note: "by timestamps",
    });
    const lossy = lossVerdict({
      ...facts("exact", { gaps: 2, lost: 4096, lostMax: 4096 }),
      counted: "counter",
    });
    expect(lossy.text).toBe("2 gaps, 4,096 scans lost");
  });

  test("where it cannot be known it says so, and never shows a 0", () => {
    expect(lossVerdict(facts("unknown")).text).toBe("loss cannot be known");
    expect(lossVerdict(facts("unknown", { gaps: 2 })).text).toBe("2 gaps, length cannot be known");
    for (const gaps of [0, 1]) {
      expect(lossVerdict(facts("unknown", { gaps })).text).not.toMatch(/\b0\b/);
    }
  });

  test("transfers that failed are named; a larger reserve is not offered against them", () => {
    const one = { ...facts("exact", { gaps: 1, lost: 64, lostMax: 64 }), failedBlocks: 1 };
    expect(lossVerdict(one)).toMatchObject({ tone: "gap", note: "1 transfer failed" });
    const more = { ...facts("estimated", { gaps: 3, lostMax: null }), failedBlocks: 1 };
    expect(lossVerdict(more).note).toContain("1 transfer failed; the queue ran dry");
  });

  test("a recording to which nothing came has nothing safe", () => {
    const result = { error: { code: "EIO", message: "" }, seconds: 0, samples: 0 };
    expect(endedTitle("adc", result as unknown as RecordingResult)).toBe(
      "The recording of adc ended. No sample had come before that.",
    );
  });

  test("what counts the scans follows from the settings", () => {
    const settings = (more: Partial<StreamSettings>) =>
      ({ channels: [], counter: [], ...more }) as unknown as StreamSettings;
    expect(countedBy(settings({ channels: ["timestamp"] }), false)).toBe("timestamps");
    expect(countedBy(settings({ counter: ["voltage0"], channels: ["timestamp"] }), false)).toBe(
      "counter",
    );
    expect(countedBy(settings({}), true)).toBe("simulator");
    expect(countedBy(settings({}), false)).toBeNull();
  });
});

describe("the status bar", () => {
  test("gives rate, throughput, reserve and verdict of the stream in the selector", async () => {
    await mountWindow({ devices: bench(), settings: { layout: showing(CONVERTER) } }, (host) =>
      host.stream(`${CONVERTER}/buffer0`).start(20),
    );
    const bar = document.querySelector(".status")!;
    await soon(() => expect(bar.textContent).toContain("never ran dry"));
    expect(bar.querySelector("[data-test=rate]")?.textContent).toContain("256 kS/s");
    expect(bar.querySelector("[data-test=throughput]")?.textContent).toBe("2.05 MB/s");
    expect(bar.querySelector("[data-test=reserve]")?.textContent).toContain("15/16");
  });

  test("a dry queue becomes a possible gap, in the colour of gaps and with its sign", async () => {
    const { host } = await mountWindow(
      { devices: bench(), settings: { layout: showing(CONVERTER) } },
      (fake) => fake.stream(`${CONVERTER}/buffer0`).start(20),
    );
    host.stream(`${CONVERTER}/buffer0`).addGap(256, 0);
    const verdict = document.querySelector(".status")!;
    await soon(() => expect(verdict.textContent).toContain("1 possible gap, ≤ 1 ms"));
    expect(verdict.querySelector(".tone-gap svg")).not.toBeNull();
  });

  test("speaks up where something was lost, not with every figure of a run that goes well", async () => {
    const { host } = await mountWindow({}, (fake) => fake.stream(ADC).start(5));
    const verdict = () => document.querySelector("[data-test=loss]");
    await soon(() => expect(verdict()?.textContent).toContain("no gap in"));
    expect(verdict()!.role).toBeNull();
    host.stream(ADC).addGap(128, 0);
    await soon(() => expect(verdict()?.textContent).toContain("1 gap"));
    expect(verdict()!.role).toBe("status");
  });

  test("says how much room there is from the start, and anew when the host does", async () => {
    const { host } = await mountWindow();
    const text = () => document.querySelector(".status")!.textContent!;
    expect(text()).toContain("free 2.81 TB");
    const tell = (freeBytes: number) => {
      const context = host.inventory().contexts.find(({ id }) => id === "rec")!;
      host.emit("context", { context: { ...context, freeBytes } });
    };
    tell(1.5e12);
    await soon(() => expect(text()).toContain("free 1.5 TB"));
    await userEvent.keyboard("r");
    await soon(() => expect(text()).toContain("free 2.81 TB"));
    await userEvent.keyboard("r");
    await soon(() => expect(host.recordings.size).toBe(0));
    // What a recording told last does not stay over what is told after it.
    tell(1.4e12);
    await soon(() => expect(text()).toContain("free 1.4 TB"));
  });

  test("an idle stream has a set rate and no figures", async () => {
    await mountWindow();
    const text = document.querySelector(".status")!.textContent!;
    expect(text).toContain("idle");
    expect(text).toContain("1 MS/s set");
    expect(text).not.toContain("MB/s");
  });
});
