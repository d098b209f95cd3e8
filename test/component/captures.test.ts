/** Trigger to record: asked for in the record options, and its list: by click, by key, in stream and recording. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { useCaptures } from "../../renderer/captures/store.js";
import { useStreams } from "../../renderer/stores/streams.js";
import { useViews } from "../../renderer/stores/views.js";
import { openOptions, options, type } from "./record-options.js";
import { ADC, asked, field, mountWindow, soon } from "./window.js";

const panel = () => document.querySelector<HTMLElement>('[data-section="captures"]');
const rows = () => [...(panel()?.querySelectorAll<HTMLElement>("button.row") ?? [])];
const chosen = () => panel()?.querySelector<HTMLElement>('[aria-current="true"]')?.dataset["index"];
const turn = (label: string) =>
  document.querySelector<HTMLElement>(`[role=switch][aria-label="${label}"]`)!;

/** Frames that were asked for as a span: the newest. */
function spanAsked(host: Parameters<typeof asked>[0]) {
  const spans = (
    asked(host, "view.frame") as { range: { kind: string; fromScan: number; toScan: number } }[]
  ).filter(({ range }) => range.kind === "range");
  return spans.at(-1)?.range;
}

async function setUp(): Promise<Awaited<ReturnType<typeof mountWindow>>> {
  const mounted = await mountWindow();
  await openOptions();
  await userEvent.click(turn("Record on trigger"));
  await soon(() => field("Before each trigger"));
  for (const [label, typed] of [
    ["Before each trigger", "2 ms"],
    ["After each trigger", "5 ms"],
    ["Ends after so many captures", "40"],
  ] as const) {
    await type(label, typed);
  }
  return mounted;
}

async function record(): Promise<Awaited<ReturnType<typeof mountWindow>>> {
  const mounted = await setUp();
  await userEvent.keyboard("{Escape}");
  await userEvent.keyboard("{Escape}");
  await soon(() => expect(options()).toBeNull());
  await userEvent.keyboard("r");
  await soon(() => expect(rows().length).toBeGreaterThanOrEqual(3));
  return mounted;
}

describe("record on trigger", () => {
  test("says beside its switch that the scope has no trigger", async () => {
    const { host } = await setUp();
    const said = () =>
      document.querySelector(`#${turn("Record on trigger").getAttribute("aria-describedby")}`);
    const trace = { channel: "voltage3", part: "value" as const };
    const trigger = {
      trace,
      edge: "rising" as const,
      level: 0.2,
      hysteresis: 0.02,
      physical: true,
    };
    await soon(() => expect(turn("Record on trigger").hasAttribute("aria-describedby")).toBe(true));
    expect(said()!.textContent).toContain("choose a source for it in its strip");
    await useStreams().setTrigger(ADC, trigger);
    await soon(() =>
      expect(turn("Record on trigger").hasAttribute("aria-describedby")).toBe(false),
    );
    expect(host.stream(ADC).trigger).toEqual(trigger);
  });

  test("is asked for as it was set, and refuses what makes no sense beside the field", async () => {
    const { host } = await setUp();
    await userEvent.fill(field("Ends after so many captures"), "some");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(document.body.textContent).toContain("A whole number of captures"));
    await userEvent.keyboard("{Escape}");
    await userEvent.fill(field("Before each trigger"), "0");
    await userEvent.keyboard("{Enter}");
    await userEvent.fill(field("After each trigger"), "0");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(document.body.textContent).toContain("after it, or both"));
    await userEvent.keyboard("{Escape}");
    await userEvent.click(turn("Each its own recording"));
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(options()).toBeNull());
    await userEvent.keyboard("r");
    await soon(() =>
      expect(asked(host, "recording.start")).toEqual([
        {
          stream: ADC,
          captures: { beforeSeconds: 0, afterSeconds: 0.005, count: 40, each: true },
        },
      ]),
    );
  });
});

describe("the list of captures", () => {
  test("shows time, peak and width of each, and grows while it is recorded", async () => {
    await record();
    const [first] = rows();
    expect(first!.textContent).toMatch(/^1\d\d:\d\d:\d\d\.\d{6}300 mV20\.1 µs$/);
    expect(first!.getAttribute("aria-label")).toMatch(
      /^Trigger 1 at 20.*peak 300 mV, 20.1 µs wide/,
    );
    const before = rows().length;
    await soon(() => expect(rows().length).toBeGreaterThan(before));
    expect(panel()!.textContent).toMatch(/\d+ of 40/);
    expect(document.querySelector(".facts")!.textContent).toMatch(/captures: \d+ of 40/);
  });

  test("is what the overview shows as on the disk, not the time between", async () => {
    await record();
    const onDisk = () => [...document.querySelectorAll<HTMLElement>(".overview .disk")];
    await soon(() => expect(onDisk().length).toBeGreaterThanOrEqual(3));
    const line = document.querySelector(".overview .line")!.getBoundingClientRect().width;
    const widths = onDisk().map((part) => part.getBoundingClientRect().width);
    expect(widths.reduce((sum, width) => sum + width, 0)).toBeLessThan(line / 4);
  });

  test("leads the scope to each by click and by Ctrl with the arrows", async () => {
    const { host } = await record();
    const captures = useCaptures();
    const at = (number: number) => captures.lists.get(ADC)!.captures[number - 1]!;
    await userEvent.click(rows()[1]!);
    await soon(() => expect(chosen()).toBe("1"));
    await soon(() =>
      expect(spanAsked(host)).toMatchObject({ fromScan: at(2).fromScan, toScan: at(2).toScan }),
    );
    await userEvent.keyboard("{Control>}{ArrowRight}{/Control}");
    await soon(() => expect(chosen()).toBe("2"));
    await soon(() =>
      expect(spanAsked(host)!.fromScan).toBeCloseTo(at(3).scan - at(2).scan + at(2).fromScan, 3),
    );
    // The width that the user gave the picture stays from one to the next.
    await userEvent.keyboard("{+}");
    await soon(() =>
      expect(spanAsked(host)!.toScan - spanAsked(host)!.fromScan).toBeLessThan(6000),
    );
    const width = spanAsked(host)!.toScan - spanAsked(host)!.fromScan;
    await userEvent.keyboard("{Control>}{ArrowLeft}{/Control}");
    await soon(() => expect(chosen()).toBe("1"));
    await soon(() => {
      const span = spanAsked(host)!;
      expect(span.toScan - span.fromScan).toBeCloseTo(width, 3);
      expect((span.fromScan + span.toScan) / 2).toBeLessThan(at(2).toScan);
    });
    await userEvent.keyboard("{Control>}{ArrowLeft}{/Control}");
    await soon(() => expect(chosen()).toBe("0"));
    await userEvent.keyboard("{Control>}{ArrowLeft}{/Control}");
    expect(chosen()).toBe("0");
  });

  test("is walked by keyboard alone, with one stop for Tab", async () => {
    await record();
    expect(rows().filter(({ tabIndex }) => tabIndex === 0)).toHaveLength(1);
    rows()[0]!.focus();
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{Enter}");
    await soon(() => expect(chosen()).toBe("2"));
    await soon(() =>
      expect(rows().find(({ tabIndex }) => tabIndex === 0)?.dataset["index"]).toBe("2"),
    );
  });

  test("stays when the recording has ended, and leads into its file once the stream is gone", async () => {
    const { host } = await record();
    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector("button.recording")).toBeNull());
    const count = useCaptures().lists.get(ADC)!.captures.length;
    expect(count).toBeGreaterThanOrEqual(3);
    // Another run: scan indices of the list are no longer those of the stream.
    await userEvent.keyboard(" ");
    await soon(() => expect(host.streams.get(ADC)!.state.kind).toBe("idle"));
    await userEvent.keyboard(" ");
    await soon(() => expect(host.streams.get(ADC)!.run).toBe(2));
    await userEvent.click(rows()[0]!);
    await soon(() => expect(asked(host, "recording.open")).toHaveLength(1));
    const { name } = asked(host, "recording.open")[0] as { name: string };
    await soon(() => expect(useViews().focusStream).toBe(`rec:${name}/buffer0`));
    await soon(() => expect(chosen()).toBe("0"));
    await soon(() => {
      const frames = asked(host, "view.frame") as { stream: string; range: { kind: string } }[];
      const own = frames.filter(({ stream }) => stream === `rec:${name}/buffer0`);
      expect(own.some(({ range }) => range.kind === "range")).toBe(true);
    });
  });

  test("is not there without captures, and the keys say why", async () => {
    const { host } = await mountWindow();
    expect(panel()).toBeNull();
    await userEvent.keyboard("{Control>}{ArrowRight}{/Control}");
    expect(spanAsked(host)).toBeUndefined();
    await userEvent.keyboard("{Control>}{Shift>}p{/Shift}{/Control}");
    await userEvent.keyboard("next capture");
    await soon(() =>
      expect(document.querySelector("[role=dialog]")?.textContent).toMatch(/Next capture.*Ctrl/),
    );
  });
});
