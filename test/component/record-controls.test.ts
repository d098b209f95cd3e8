/** The record button: what it says of the options kept, several recordings at once, times, and what can be cancelled. */
import { page, userEvent } from "vitest/browser";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FakeHost } from "../../renderer/dev/fake-host.js";
import { useRecordings } from "../../renderer/stores/recordings.js";
import { useSettings } from "../../renderer/stores/settings.js";
import { useViews } from "../../renderer/stores/views.js";
import { formatDuration } from "../../shared/figures.js";
import { keepableSeconds } from "../../shared/history-room.js";
import { formatMoment } from "../../shared/wall-time.js";
import { openOptions, options, type } from "./record-options.js";
import { ADC, asked, field, mountWindow, row, soon } from "./window.js";

const RX = "sim:transceiver/buffer0";
const one = (selector: string) => document.querySelector<HTMLElement>(selector);
const recording = () => one("button.recording");
const wholeMinute = (afterMs: number) => Math.ceil((Date.now() + afterMs) / 60_000) * 60_000;

/** The recording of a stream says that it goes on for so long. */
function grow(host: FakeHost, stream: string, seconds: number): void {
  const known = host.recordings.get(stream)!;
  const status = known.status.bind(known);
  known.status = () => ({ ...status(), seconds });
}

/** Opens the menu of a row and answers its item. */
async function item(label: string, words: string): Promise<HTMLElement> {
  row(label).dispatchEvent(
    new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 40, clientY: 200 }),
  );
  return soon(() => {
    const found = [...document.querySelectorAll<HTMLElement>("[role=menuitem]")].find((known) =>
      known.textContent?.trim().startsWith(words),
    );
    expect(found).toBeTruthy();
    return found!;
  });
}

describe("several recordings at once", () => {
  async function two(seconds: Record<string, number>): Promise<FakeHost> {
    const { host } = await mountWindow({}, (fake) => {
      for (const id of [ADC, RX]) fake.stream(id).start(60);
    });
    useViews().allStreams = true;
    await userEvent.keyboard("r");
    await soon(() => expect(useRecordings().running.size).toBe(2));
    for (const [stream, long] of Object.entries(seconds)) grow(host, stream, long);
    host.tick();
    await soon(() => {
      for (const [stream, long] of Object.entries(seconds)) {
        expect(useRecordings().running.get(stream)?.seconds).toBe(long);
      }
    });
    return host;
  }

  test("are asked about once, and stopped together by R again", async () => {
    const host = await two({ [ADC]: 42, [RX]: 42 });
    await userEvent.keyboard("r");
    await soon(() => expect(one(".question")).not.toBeNull());
    expect(asked(host, "recording.stop")).toEqual([]);
    await userEvent.keyboard("r");
    await soon(() => expect(host.recordings.size).toBe(0));
  });

  test("all go on after Esc, also where only one of them is old", async () => {
    const host = await two({ [ADC]: 42, [RX]: 2 });
    await userEvent.keyboard("r");
    await soon(() => expect(one(".question")).not.toBeNull());
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(one(".question")).toBeNull());
    expect(host.recordings.size).toBe(2);
    await userEvent.keyboard("rr");
    await soon(() => expect(host.recordings.size).toBe(0));
  });
});

describe("the record button", () => {
  test("says beside itself which options kept from before hold for R", async () => {
    const { host } = await mountWindow();
    const how = () => one("[data-test=record-how]");
    expect(how()).toBeNull();
    const { layout } = useSettings();
    layout.record.ring = { kind: "seconds", seconds: 60 };
    await soon(() => expect(how()?.textContent?.trim()).toBe("ring 1 min"));
    useRecordings().startAtMs = wholeMinute(86_400_000 * 2);
    await soon(() => expect(how()?.textContent).toMatch(/ring 1 min, at \d{4}-\d\d-\d\d \d\d:/));
    await userEvent.hover(one('[data-command="recording.toggle"]')!);
    await soon(() => expect(one(".tip")?.textContent).toContain("Record: ring 1 min, at "));
    // A ring does not go with captures.
    useRecordings().startAtMs = null;
    layout.record.trigger.on = true;
    await soon(() => expect(how()?.textContent?.trim()).toBe("on trigger"));
    await userEvent.click(how()!);
    await soon(() => expect(options()).not.toBeNull());
    expect(asked(host, "recording.start")).toEqual([]);
  });

  test("counts on while the oldest part of a ring is deleted", async () => {
    const { host } = await mountWindow({}, (fake) => fake.stream(ADC).start(600));
    await userEvent.keyboard("r");
    await soon(() => expect(recording()).not.toBeNull());
    const known = host.recordings.get(ADC)!;
    const status = known.status.bind(known);
    const parts = { name: "part", number: 9, count: 6, kept: 0, ring: true };
    const startedAtMs = Date.now() - 600_000;
    known.status = () => ({ ...status(), startedAtMs, seconds: 5, parts });
    host.tick();
    await soon(() => expect(recording()!.textContent).toMatch(/10:0\d/));
    // It is no young recording either.
    await userEvent.keyboard("r");
    await soon(() => expect(one(".question")).not.toBeNull());
  });
});

describe("a recording that waits for its time", () => {
  async function waits(): Promise<FakeHost> {
    const { host } = await mountWindow();
    useRecordings().startAtMs = wholeMinute(3_600_000);
    await userEvent.keyboard("r");
    await soon(() => expect(one("button.waiting")).not.toBeNull());
    return host;
  }

  test("can be cancelled when its device has gone", async () => {
    const host = await waits();
    host.unplug("sim:adc");
    await soon(() => expect(row("adc").textContent).toContain("unplugged"));
    await userEvent.click(one("button.waiting")!);
    await soon(() => expect(one("button.waiting")).toBeNull());
    expect(asked(host, "recording.unschedule")).toEqual([{ stream: ADC }]);
  });

  test("is cancelled in the menu of its device, which does not offer a second one", async () => {
    const host = await waits();
    const cancel = await item("adc", "Cancel the recording");
    const items = [...document.querySelectorAll("[role=menuitem]")].map((known) =>
      known.textContent?.trim(),
    );
    expect(items.filter((words) => words?.startsWith("Record"))).toEqual([]);
    await userEvent.click(cancel);
    await soon(() => expect(asked(host, "recording.unschedule")).toEqual([{ stream: ADC }]));
  });

  test("is set by a button beside its field, where R types a letter", async () => {
    const { host } = await mountWindow();
    await openOptions();
    expect(one("[data-test=set-time]")).toBeNull();
    const startAtMs = wholeMinute(3_600_000);
    await type("Start at", formatMoment(startAtMs));
    await soon(() => expect(one("[data-test=set-time]")).not.toBeNull());
    await userEvent.click(one("[data-test=set-time]")!);
    await soon(() =>
      expect(asked(host, "recording.schedule")).toEqual([{ stream: ADC, startAtMs }]),
    );
    await soon(() => expect(options()).toBeNull());
  });

  test("leaves no time behind, wherever Record was chosen", async () => {
    const { host } = await mountWindow();
    const untilMs = wholeMinute(3_600_000);
    useRecordings().untilMs = untilMs;
    await userEvent.click(await item("adc", "Record: until"));
    await soon(() => expect(asked(host, "recording.start")).toEqual([{ stream: ADC, untilMs }]));
    await soon(() => expect(useRecordings().untilMs).toBeNull());
  });

  test("keeps its time where all were refused, so that R does not begin at once instead", async () => {
    const { host } = await mountWindow();
    const startAtMs = wholeMinute(3_600_000);
    useRecordings().startAtMs = startAtMs;
    host.refuse("recording.schedule", "The folder can't be written.");
    await userEvent.keyboard("r");
    await soon(() => expect(document.body.textContent).toContain("The folder can't be written."));
    expect(useRecordings().startAtMs).toBe(startAtMs);
  });
});

describe("the record options", () => {
  test("can all be reached in a small window, with the trigger's too", async () => {
    const { innerWidth: width, innerHeight: height } = window;
    onTestFinished(() => page.viewport(width, height));
    await page.viewport(1280, 600);
    await mountWindow();
    useSettings().layout.record.trigger.on = true;
    await openOptions();
    await soon(() => {
      const { top, bottom } = options()!.getBoundingClientRect();
      expect(top).toBeGreaterThanOrEqual(0);
      expect(bottom).toBeLessThanOrEqual(600);
    });
    field("Ring: only the last").scrollIntoView();
    const { bottom } = field("Ring: only the last").getBoundingClientRect();
    expect(bottom).toBeLessThanOrEqual(600);
  });
});

describe("the keep button", () => {
  const keep = () => one('[data-command="recording.keep"]')!;
  const room = () => one('[data-command="recording.room"]');

  test("takes minutes and seconds as on a clock", async () => {
    const { pinia } = await mountWindow();
    await openOptions();
    await type("Keep the last", "1:30");
    await soon(() => expect(useSettings(pinia).layout.record.keepSeconds).toBe(90));
  });

  test("names what the history holds where that is less than set, and room is made on request", async () => {
    const { host } = await mountWindow();
    const { historySeconds } = host.stream(ADC).geometry();
    expect(historySeconds!).toBeLessThan(5);
    const now = formatDuration(keepableSeconds(host.stream(ADC).geometry()));
    await soon(() => expect(keep().textContent).toContain(now));
    await openOptions();
    await soon(() => expect(room()?.textContent).toMatch(/Make room for 5 s: [\d.]+ [KM]iB/));
    await userEvent.click(room()!);
    await soon(() => expect(host.stream(ADC).geometry().historySeconds!).toBeGreaterThan(5));
    await soon(() => expect(keep().textContent).toContain("Keep 5 s"));
    await soon(() => expect(room()).toBeNull());
  });
});

describe("a recording that ended as it should", () => {
  test("says what it has less than was asked", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("r");
    await soon(() => expect(recording()).not.toBeNull());
    const known = host.recordings.get(ADC)!;
    const result = known.result.bind(known);
    const trigger = { trace: { channel: "voltage0", part: "value" as const } };
    known.result = (error) => ({
      ...result(error),
      shortfall: "It begins 1.2 s late.",
      captures: {
        ...{ trigger: { ...trigger, edge: "rising", level: 0, hysteresis: 0, unit: "V" } },
        ...{ count: 3, missed: 2, blocksNotSearched: 1, list: [] },
      },
    });
    await userEvent.keyboard("r");
    await soon(() => expect(one(".lines")?.textContent).toContain("has less than was asked"));
    const words = one(".lines")!.textContent;
    expect(words).toContain("It begins 1.2 s late. 2 triggers were missed. 1 block came too fast");
  });
});

describe("the frames a second", () => {
  test("are those of the view that has the focus, and go with it", async () => {
    const tab = (id: string, stream: string) => ({ id, kind: "scope", stream });
    const group = (id: string, stream: string) => ({
      ...{ id: `g${id}`, tabs: [tab(id, stream)], active: id },
    });
    const layout = JSON.stringify({ rows: [[group("a", ADC), group("b", RX)]], focusedView: "b" });
    await mountWindow({ settings: { layout } }, (host) => {
      for (const id of [ADC, RX]) host.stream(id).start(60);
    });
    const fps = () => one("[data-test=fps]");
    await soon(() => expect(fps()).not.toBeNull());
    await userEvent.keyboard("p");
    await soon(() => expect(fps()).toBeNull());
    useViews().focus("a");
    await soon(() => expect(fps()?.textContent).toMatch(/\d+ fps/));
    useViews().focus("b");
    await soon(() => expect(fps()).toBeNull());
    expect(useViews().screenAges.has(ADC)).toBe(true);
    useViews().close("a");
    await soon(() => expect(useViews().screenAges.has(ADC)).toBe(false));
    expect(useViews().frameRates.size).toBe(0);
  });
});
