/** What stands on the picture can be read there, and what only has to be read stands beside it. */
import { userEvent } from "vitest/browser";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { readTokens } from "../../renderer/lib/tokens.js";
import { drawFrame } from "../../renderer/scope/draw-frame.js";
import { useNotices } from "../../renderer/stores/notices.js";
import { useSettings } from "../../renderer/stores/settings.js";
import type { Frame } from "../../shared/view.js";
import { ADC, mountWindow, soon } from "./window.js";

const one = (selector: string) => document.querySelector<HTMLElement>(selector);

describe("words on the plot", () => {
  test.each(["dark", "light"] as const)(
    "the trigger's level stands on the plot's own ground, %s",
    async (theme) => {
      await mountWindow({}, (fake) => fake.stream(ADC).start(5));
      await useSettings().change({ theme });
      await soon(() => expect(document.documentElement.dataset["theme"]).toBe(theme));
      await soon(() => expect(one(".level-text")?.textContent).toMatch(/V$/));
      const ground = (selector: string) => getComputedStyle(one(selector)!).backgroundColor;
      expect(ground(".level-text")).toBe(ground(".scope-plot"));
    },
  );

  test("“envelope only” is drawn over the traces, on a plate", async () => {
    await mountWindow();
    const ctx = document.createElement("canvas").getContext("2d")!;
    const painted: string[] = [];
    const log = (what: string) => () => void painted.push(`${what} ${String(ctx.fillStyle)}`);
    vi.spyOn(ctx, "fillRect").mockImplementation(log("rect"));
    vi.spyOn(ctx, "fillText").mockImplementation(log("text"));
    onTestFinished(() => void vi.restoreAllMocks());
    const frame = {
      form: "columns",
      originScan: 0,
      x: Float64Array.of(0, 9, 10, 19),
      t: Float64Array.of(0, 0.9, 1, 1.9),
      traces: [{ y: Float64Array.of(-1, -1, 1, 1, -1, -1, 1, 1), touchesTop: 0, touchesBottom: 0 }],
      gaps: [],
      fromScan: 0,
      toScan: 20,
      samplesFromScan: 20,
    } as unknown as Frame;
    const trace = {
      ...{ source: { channel: "a", part: "value" as const }, key: "a", name: "a", slot: 1 },
      ...{ unit: "", prefixed: false },
    };
    drawFrame(
      {
        ctx,
        box: { left: 0, top: 0, width: 400, height: 200 },
        ratio: 1,
        tokens: readTokens(),
        x: { a: 0, b: 200 },
        y: { a: 100, b: -25 },
      },
      {
        ...{ frame, traces: [trace], lanes: [{ perDiv: 1, zero: 0 }], bands: [], joined: false },
        ...{ dots: false, zeroAtTrigger: false, triggerTrace: -1, lineWidth: 1 },
      },
    );
    const tokens = readTokens();
    expect(painted).toContain(`rect ${tokens.traces[1]}`);
    expect(painted.slice(-2)).toEqual([`rect ${tokens["n-plot"]}`, `text ${tokens["n-3"]}`]);
  });
});

describe("a line that stays until it is closed", () => {
  test("hides nothing of the views, nor do three", async () => {
    await mountWindow({}, (fake) => fake.stream(ADC).start(5));
    await soon(() => expect(one(".figures td.value")).not.toBeNull());
    for (const title of ["First", "Second", "Third"]) {
      useNotices().line({ level: "warning", title, detail: "What to do about it." });
    }
    await soon(() => expect(document.querySelectorAll(".lines .line")).toHaveLength(3));
    const bottom = one("section.scope")!.getBoundingClientRect().bottom;
    for (const line of document.querySelectorAll(".lines .line")) {
      expect(line.getBoundingClientRect().top).toBeGreaterThanOrEqual(bottom - 0.5);
    }
    await userEvent.keyboard("{Shift>}{Escape}{/Shift}");
    await soon(() => expect(one(".lines")).toBeNull());
  });
});
