/** A recording set for a time: in the record options, counted down and cancelled in the toolbar. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { useConnection } from "../../renderer/stores/connection.js";
import { useRecordings } from "../../renderer/stores/recordings.js";
import { formatMoment } from "../../shared/wall-time.js";
import { openOptions, options, type } from "./record-options.js";
import { ADC, asked, field, mountWindow, soon, type MountedWindow } from "./window.js";

const waiting = () => document.querySelector<HTMLElement>("button.waiting");
const wholeSecond = (afterMs: number) => Math.ceil((Date.now() + afterMs) / 1000) * 1000;

async function open(): Promise<MountedWindow> {
  const mounted = await mountWindow();
  await openOptions();
  return mounted;
}

describe("a recording set for a time", () => {
  test("is counted down in the toolbar, and cancelled by the same button", async () => {
    const { host } = await open();
    const startAtMs = wholeSecond(3_600_000);
    const untilMs = startAtMs + 60_000;
    await type("Start at", formatMoment(startAtMs));
    await type("Until", formatMoment(untilMs));
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(options()).toBeNull());
    await userEvent.keyboard("r");
    await soon(() =>
      expect(asked(host, "recording.schedule")).toEqual([{ stream: ADC, startAtMs, untilMs }]),
    );
    await soon(() => expect(waiting()?.textContent).toMatch(/Records in\s*(59:|1:00:0)/));
    const left = { stream: ADC, startAtMs, untilMs, secondsLeft: 61.2 };
    host.emit("recording.schedule", { schedule: { ...left, state: { kind: "waiting" } } });
    await soon(() => expect(waiting()?.textContent).toContain("01:02"));
    await userEvent.click(waiting()!);
    await soon(() => expect(waiting()).toBeNull());
    expect(asked(host, "recording.unschedule")).toEqual([{ stream: ADC }]);
    await userEvent.keyboard("r");
    await soon(() => expect(asked(host, "recording.start")).toEqual([{ stream: ADC }]));
  });

  test("may have a length, for the next recording only", async () => {
    const { host } = await open();
    await type("For", "10 min");
    await soon(() => expect(field("For").value).toBe("10 min"));
    await type("For", "10m");
    await soon(() => expect(options()!.textContent).toContain("Type 10 min or 10 ms."));
    await userEvent.keyboard("{Escape}{Escape}");
    await soon(() => expect(options()).toBeNull());
    const words = document.querySelector('[data-test="record-how"]')?.textContent;
    expect(words).toContain("for 10 min");
    await userEvent.keyboard("r");
    await soon(() =>
      expect(asked(host, "recording.start")).toEqual([{ stream: ADC, seconds: 600 }]),
    );
    await soon(() => expect(useRecordings().forSeconds).toBeNull());
  });

  test("is refused in the past, and where it would end before it starts", async () => {
    await open();
    await type("Start at", "2020-01-01 12:00");
    await soon(() => expect(options()!.textContent).toContain("is past"));
    const startAtMs = wholeSecond(3_600_000);
    await type("Start at", formatMoment(startAtMs));
    await type("Until", formatMoment(startAtMs - 60_000));
    await soon(() => expect(options()!.textContent).toContain("an end after the start"));
  });
});

describe("a window that takes the studio with it", () => {
  /** Whether the browser would ask. */
  function leaves(): boolean {
    const event = new Event("beforeunload", { cancelable: true });
    return window.dispatchEvent(event);
  }
  async function waits(endsWithWindow: boolean): Promise<void> {
    const { host } = await mountWindow();
    useConnection().endsWithWindow = endsWithWindow;
    expect(leaves()).toBe(true);
    const startAtMs = wholeSecond(3_600_000);
    const waiting = { stream: ADC, startAtMs, untilMs: null, secondsLeft: 3600 };
    host.emit("recording.schedule", { schedule: { ...waiting, state: { kind: "waiting" } } });
    await soon(() => expect(useRecordings().scheduled.size).toBe(1));
  }

  test("asks before it is closed while a recording waits for its time", async () => {
    await waits(true);
    expect(leaves()).toBe(false);
  });

  test("does not ask where the studio goes on without it", async () => {
    await waits(false);
    expect(leaves()).toBe(true);
  });
});
