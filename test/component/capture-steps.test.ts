/** Going from capture to capture: past those that have gone, after a rename, where it is refused, and what is held for it. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { useCaptures } from "../../renderer/captures/store.js";
import type { FakeHost } from "../../renderer/dev/fake-host.js";
import { useRecordings } from "../../renderer/stores/recordings.js";
import { useSettings } from "../../renderer/stores/settings.js";
import { useStreams } from "../../renderer/stores/streams.js";
import { useViews } from "../../renderer/stores/views.js";
import { ADC, asked, mountWindow, soon } from "./window.js";

const rows = () => [
  ...document.querySelectorAll<HTMLElement>('[data-section="captures"] button.row'),
];
const chosen = () => useCaptures().chosen.get(ADC);
const capture = (number: number) => useCaptures().lists.get(ADC)!.captures[number - 1]!;
const right = () => userEvent.keyboard("{Control>}{ArrowRight}{/Control}");
const left = () => userEvent.keyboard("{Control>}{ArrowLeft}{/Control}");

/** Captures are recorded, and this many are there. */
async function record(count: number): Promise<FakeHost> {
  const { host } = await mountWindow();
  const around = { on: true, beforeSeconds: 0.002, afterSeconds: 0.005 };
  Object.assign(useSettings().layout.record.trigger, around);
  await userEvent.keyboard("r");
  await soon(() => expect(rows().length).toBeGreaterThanOrEqual(count));
  return host;
}

async function end(): Promise<void> {
  await useRecordings().stop(ADC);
  await soon(() => expect(useRecordings().running.size).toBe(0));
}

/** The recording ends, and the stream begins a second run. */
async function endAndRunAgain(host: FakeHost): Promise<void> {
  await end();
  await userEvent.keyboard(" ");
  await soon(() => expect(host.stream(ADC).state.kind).toBe("idle"));
  await userEvent.keyboard(" ");
  await soon(() => expect(host.stream(ADC).run).toBe(2));
}

/** Of what came before this scan, nothing is left. */
async function forget(host: FakeHost, before: number): Promise<void> {
  const stream = host.stream(ADC);
  const counters = Object.getPrototypeOf(stream).counters.bind(stream) as typeof stream.counters;
  const bounds = { historyFromScan: before, pyramidFromScan: before };
  stream.counters = () => ({ ...counters(), ...bounds });
  await soon(() => expect(useStreams().live(ADC).counters).toMatchObject(bounds));
}

describe("a step from capture to capture", () => {
  test("passes over those that have left the history, and says so where none is left", async () => {
    const host = await record(6);
    await forget(host, capture(3).fromScan);
    await right();
    await soon(() => expect(chosen()).toBe(3));
    // What a frozen picture holds is there: only one that follows lets it go.
    await userEvent.keyboard("f");
    await soon(() => expect(useViews().pinned.size).toBe(0));
    await forget(host, capture(5).fromScan);
    await right();
    await soon(() => expect(chosen()).toBe(5));
    await left();
    await soon(() => expect(document.body.textContent).toContain("Capture 4 has left the history"));
    await right();
    await soon(() => expect(chosen()).toBe(5));
  });

  test("that is refused says why, and the next one goes on", async () => {
    const host = await record(3);
    await endAndRunAgain(host);
    host.refuse("recording.open", "Its data file is not there.");
    await userEvent.click(rows()[0]!);
    await soon(() => expect(document.body.textContent).toContain("Capture 1 can't be shown"));
    expect(document.body.textContent).toContain("Its data file is not there.");
    await right();
    await soon(() => expect(document.body.textContent).toContain("Capture 2 can't be shown"));
  });

  test("opens the recording by the name it was given since", async () => {
    const host = await record(3);
    await endAndRunAgain(host);
    await useRecordings().rename(capture(1).recording, "renamed");
    await soon(() => expect(capture(1).recording).toBe("renamed"));
    await userEvent.click(rows()[0]!);
    await soon(() => expect(asked(host, "recording.open")).toEqual([{ name: "renamed" }]));
  });

  test("to what came after the first one holds that", async () => {
    const host = await record(3);
    const pins = () => asked(host, "stream.pin") as { fromScan: number; toScan: number }[];
    await userEvent.click(rows()[0]!);
    await soon(() => expect(pins()).toHaveLength(1));
    await soon(() => {
      const last = useCaptures().lists.get(ADC)!.captures.at(-1)!;
      expect(last.fromScan).toBeGreaterThan(pins()[0]!.toScan);
    });
    const last = useCaptures().lists.get(ADC)!.captures.at(-1)!;
    await useCaptures().goTo(ADC, last);
    await soon(() => expect(pins()).toHaveLength(2));
    expect(pins()[1]!.fromScan).toBeLessThanOrEqual(last.fromScan);
    expect(pins()[1]!.toScan).toBeGreaterThanOrEqual(last.toScan);
    await userEvent.keyboard("f");
    await soon(() => expect(asked(host, "stream.unpin")).toHaveLength(1));
    expect(useViews().pinned.size).toBe(0);
  });
});
