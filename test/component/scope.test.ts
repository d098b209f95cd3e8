/** The scope view: what stands under the pointer, differences, edges, lanes and gaps. */
import { page, userEvent } from "vitest/browser";
import { describe, expect, onTestFinished, test } from "vitest";
import { useViews } from "../../renderer/stores/views.js";
import type { FrameRequest } from "../../shared/view.js";
import {
  ADC,
  asked,
  bench,
  CONVERTER,
  field,
  mountWindow,
  row,
  showing,
  soon,
  type MountedWindow,
} from "./window.js";

const STREAM = `${CONVERTER}/buffer0`;
const one = (selector: string) => document.querySelector<HTMLElement>(selector);
const text = (name: string) =>
  one(`[data-test=pointer-${name}]`)?.textContent?.replace(/\s+/g, " ").trim() ?? "";
const catcher = () => one(".scope-plot .catcher")!;
/** A place on the plot, by its part of the width. */
const at = (part: number) => {
  const { width, height } = catcher().getBoundingClientRect();
  return { position: { x: 62 + part * (width - 78), y: height / 2 } };
};

/** A running converter, its picture drawn and standing still. */
async function frozen(): Promise<MountedWindow> {
  const mounted = await mountWindow({
    devices: bench(),
    settings: { layout: showing(CONVERTER) },
  });
  await userEvent.keyboard(" ");
  await soon(() => expect(one(".scope-plot .tag")).not.toBeNull());
  await userEvent.keyboard("p");
  await soon(() => expect(one(".chip")?.textContent).toContain("Frozen"));
  // Stopped, the history stays where it is, however long the test takes.
  await userEvent.keyboard(" ");
  await soon(() => expect(asked(mounted.host, "stream.stop")).toHaveLength(1));
  return mounted;
}

describe("at the pointer", () => {
  test("stand time and scan, and they follow a picture that moves under it", async () => {
    await frozen();
    await userEvent.hover(catcher(), at(0.5));
    await soon(() => expect(text("index")).toMatch(/^scan [\d,]+$/));
    const [time, index] = [text("time"), text("index")];
    expect(time).toMatch(/^−?[\d.,]+ [mµn]?s$/);
    const value = one("td.value.wide")!.textContent;
    await userEvent.keyboard("{ArrowLeft}");
    await soon(() => {
      expect(text("time")).not.toBe(time);
      expect(text("index")).not.toBe(index);
    });
    // A whole period on, the value is the same.
    await soon(async () => {
      await userEvent.keyboard("{ArrowLeft}");
      expect(one("td.value.wide")!.textContent).not.toBe(value);
    });
    // The wheel turns about the pointer: what is under it stays.
    const before = text("index");
    const rect = catcher().getBoundingClientRect();
    const { x, y } = at(0.5).position;
    const place = { clientX: rect.left + x, clientY: rect.top + y };
    catcher().dispatchEvent(new WheelEvent("wheel", { deltaY: -100, bubbles: true, ...place }));
    await soon(() => {
      const scan = (words: string) => Number(words.replace(/\D/g, ""));
      expect(Math.abs(scan(text("index")) - scan(before))).toBeLessThanOrEqual(1);
    });
  });

  test("a click sets A, and what lies between it and the pointer is given", async () => {
    await frozen();
    await userEvent.click(catcher(), at(0.25));
    await soon(() => expect(one(".mark-line")).not.toBeNull());
    await userEvent.hover(catcher(), at(0.75));
    await soon(() =>
      expect(text("difference")).toMatch(/^from A\s?[\d.,]+\s?[mµ]?s.*Hz\s?[\d,]+\s?scans$/),
    );
    // A stays with its time while the picture moves.
    const left = one(".mark-line")!.style.left;
    await userEvent.keyboard("{ArrowLeft}");
    await soon(() => expect(one(".mark-line")!.style.left).not.toBe(left));
    await userEvent.click(one('[aria-label="Take mark A off"]')!);
    await soon(() => expect(one(".mark-line")).toBeNull());
  });

  test("two clicks fit the heights and set no mark", async () => {
    await frozen();
    await userEvent.dblClick(catcher(), at(0.5));
    await soon(() => expect(text("index")).not.toBe(""));
    expect(one(".mark-line")).toBeNull();
  });

  test("of a recording, the file's sample and the stream's are told apart, and which zero is used", async () => {
    await mountWindow({ devices: bench() });
    await userEvent.dblClick(row("11-20 10:22:41 ad7768-4"));
    await soon(() => expect(one(".zero-words")?.textContent).toBe("0 = first sample of the file"));
    await userEvent.hover(catcher(), at(0.5));
    await soon(() => expect(text("index")).toMatch(/^sample [\d,]+, stream [\d,]+$/));
  });
});

describe("a picture that stands still", () => {
  const chip = () => one(".chip")?.textContent ?? "";
  const unpinned = (host: MountedWindow["host"]) =>
    (asked(host, "stream.unpin") as { stream: string; key: string }[]).filter(
      ({ stream }) => stream === STREAM,
    );

  test("stands still behind another tab, and holds its samples until its view is closed", async () => {
    const { host, pinia } = await frozen();
    const { focusedTab, open, focus, close } = useViews(pinia);
    const { id } = focusedTab!;
    await soon(() => expect(asked(host, "stream.pin")).toHaveLength(1));
    open(ADC);
    await soon(() => expect(chip()).toBe(""));
    focus(id);
    await soon(() => expect(chip()).toContain("Frozen"));
    expect(unpinned(host)).toEqual([]);
    expect(asked(host, "stream.pin")).toHaveLength(1);
    open(ADC);
    await soon(() => expect(chip()).toBe(""));
    close(id);
    await soon(() => expect(unpinned(host)).toEqual([{ stream: STREAM, key: id }]));
  });

  test("is not what a view leaves that moves: behind another tab it holds nothing", async () => {
    const { host, pinia } = await mountWindow({
      devices: bench(),
      settings: { layout: showing(CONVERTER) },
    });
    const { focusedTab, open } = useViews(pinia);
    const { id } = focusedTab!;
    await soon(() => expect(one("section.scope")).not.toBeNull());
    open(ADC);
    await soon(() => expect(unpinned(host)).toEqual([{ stream: STREAM, key: id }]));
  });

  test("is not brought back by Ctrl+Z in the next run", async () => {
    const { host } = await frozen();
    // What follows is a step of its own.
    await new Promise((done) => setTimeout(done, 700));
    await userEvent.keyboard("{ArrowLeft}");
    await userEvent.keyboard(" ");
    await soon(() => expect(host.stream(STREAM).run).toBe(2));
    await soon(() => expect(chip()).toBe(""));
    await userEvent.keyboard("{Control>}z{/Control}");
    const frames = asked(host, "view.frame").length;
    await soon(() => expect(asked(host, "view.frame").length).toBeGreaterThan(frames + 5));
    expect(chip()).toBe("");
  });
});

describe("the scope trigger", () => {
  test("a level off the plot has its value and an arrow at the edge", async () => {
    const { host } = await frozen();
    expect(one(".level")).not.toBeNull();
    expect(one(".level.above, .level.below")).toBeNull();
    const stream = host.stream(STREAM);
    stream.trigger = { ...stream.trigger!, level: 900 };
    host.emit("stream", { stream: stream.info() });
    await soon(() => expect(one(".level.above")?.textContent).toContain("900"));
    stream.trigger = { ...stream.trigger, level: -900 };
    host.emit("stream", { stream: stream.info() });
    await soon(() => expect(one(".level.below")?.textContent).toContain("900"));
  });

  test("why a level was refused stands whole under the strip in a small window", async () => {
    const { innerWidth: width, innerHeight: height } = window;
    onTestFinished(() => page.viewport(width, height));
    await page.viewport(1280, 720);
    await frozen();
    await userEvent.keyboard("p");
    await soon(() => expect(one(".chip")).toBeNull());
    await userEvent.fill(field("Trigger level"), "seven");
    await userEvent.keyboard("{Enter}");
    const refusal = () => one(".refusal")!;
    await soon(() => expect(refusal().textContent).toContain("seven"));
    expect(refusal().scrollWidth).toBeLessThanOrEqual(refusal().clientWidth);
    expect(field("Trigger level").getAttribute("aria-describedby")).toBe(refusal().id);
  });
});

describe("lanes", () => {
  test("that were kept for other traces are arranged anew", async () => {
    const lane = { perDiv: 1, zero: 2 };
    const lanes = Object.fromEntries(
      ["voltage0", "voltage1"].map((channel) => [`${channel} value physical`, lane]),
    );
    const layout = JSON.parse(showing("sim:adc")) as Record<string, unknown>;
    layout["viewState"] = {
      [`v ${ADC}`]: { scope: { lanes, arranged: "three traces" }, pairs: {} },
    };
    await mountWindow({ settings: { layout: JSON.stringify(layout) } });
    await userEvent.keyboard(" ");
    await soon(() => {
      const tops = [...document.querySelectorAll<HTMLElement>(".scope-plot .tag")].map(
        (tag) => tag.getBoundingClientRect().top,
      );
      expect(tops).toHaveLength(2);
      expect(tops[1]! - tops[0]!).toBeGreaterThan(100);
    });
  });

  test("far from their zero move by what they are moved, not to the edge", async () => {
    const key = (channel: string) => `${channel} value physical`;
    const lane = { perDiv: 0.001, zero: -50 };
    const lanes = { [key("voltage0")]: lane, [key("voltage1")]: lane };
    const layout = JSON.parse(showing("sim:adc")) as Record<string, unknown>;
    const arranged = [key("voltage0"), key("voltage1")].join("|");
    layout["viewState"] = { [`v ${ADC}`]: { scope: { lanes, arranged }, pairs: {} } };
    const { pinia } = await mountWindow({ settings: { layout: JSON.stringify(layout) } });
    await userEvent.keyboard(" ");
    await soon(() => expect(one(".scope-plot .tag")).not.toBeNull());
    one(".scope-plot .tag")!.focus();
    await userEvent.keyboard("{ArrowUp}");
    const kept = () =>
      useViews(pinia).stateOf<{ scope: { lanes: Record<string, { zero: number }> } }>("v", ADC)!
        .scope;
    await soon(() => expect(kept().lanes[key("voltage0")]!.zero).not.toBe(-50));
    expect(kept().lanes[key("voltage0")]!.zero).toBeCloseTo(-49.9, 6);
  });

  test("of different units each say their own, beside no shared one", async () => {
    await frozen();
    const figures = () =>
      [...document.querySelectorAll(".lane-figure")].map(({ textContent }) => textContent);
    await soon(() => expect(figures().some((figure) => / V$/.test(figure ?? ""))).toBe(true));
    expect(figures().some((figure) => / A$/.test(figure ?? ""))).toBe(true);
    expect(one(".corner-unit")?.textContent).toBe("");
    await userEvent.keyboard("u");
    await soon(() => expect(one(".corner-unit")?.textContent).toBe("raw"));
    expect(figures().every((figure) => /^[−\d.,]+$/.test(figure ?? ""))).toBe(true);
  });
});

describe("gaps", () => {
  test("far closer than pixels are one band that says how many they are", async () => {
    const { host } = await mountWindow({ settings: { layout: showing("sim:adc") } });
    await userEvent.keyboard(" ");
    await soon(() => expect(one(".scope-plot .tag")).not.toBeNull());
    await soon(() => expect(host.stream(ADC).scans()).toBeGreaterThan(500_000));
    for (let k = 50; k > 0; k--) host.stream(ADC).addGap(2, 200_000 + 400 * k);
    await userEvent.keyboard("a");
    await soon(() => expect(one(".chip")).not.toBeNull());
    // In the midst of the gaps.
    await soon(async () => {
      const ranges = (asked(host, "view.frame") as FrameRequest[]).map(({ range }) => range);
      const range = ranges.findLast(({ kind }) => kind === "range");
      if (range?.kind !== "range") throw new Error("not frozen yet");
      const { gaps } = host.stream(ADC);
      const middle = (gaps[0]!.scan + gaps.at(-1)!.scan) / 2;
      const part = (middle - range.fromScan) / (range.toScan - range.fromScan);
      await userEvent.hover(catcher(), at(part));
      expect(text("gap")).toMatch(/^50 gaps, 100 lost/);
    });
  });
});
