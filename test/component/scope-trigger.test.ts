/** The scope trigger: one of a stream, shown by each view in its own units; what was refused is said, off stays off. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import type { FakeHost } from "../../renderer/dev/fake-host.js";
import { useSettings } from "../../renderer/stores/settings.js";
import { useStreams } from "../../renderer/stores/streams.js";
import { physicalPerCount, toRaw } from "../../shared/units.js";
import {
  asked,
  bench,
  CONVERTER,
  mountWindow,
  slowly,
  soon,
  type MountedWindow,
} from "./window.js";

const STREAM = `${CONVERTER}/buffer0`;
const one = (selector: string) => document.querySelector<HTMLElement>(selector);
const scopes = () => [...document.querySelectorAll<HTMLElement>("section.scope")];
const level = (scope: HTMLElement) =>
  scope.querySelector<HTMLInputElement>('input[aria-label="Trigger level"]')!;
const mark = (scope: HTMLElement) => scope.querySelector<HTMLElement>(".level");

/** The stores of the window that is mounted. */
let pinia: MountedWindow["pinia"];

/** Two views of the converter beside each other: the left one in volts, the right one in counts. */
async function two(): Promise<FakeHost> {
  const tab = (id: string) => ({ id, kind: "scope", stream: STREAM });
  const group = (id: string) => ({ id: `g${id}`, tabs: [tab(id)], active: id });
  const layout = JSON.stringify({ rows: [[group("a"), group("b")]], focusedView: "b" });
  const mounted = await mountWindow({ devices: bench(), settings: { layout } });
  const { host } = mounted;
  pinia = mounted.pinia;
  await userEvent.keyboard(" ");
  await soon(() => expect(host.stream(STREAM).trigger?.physical).toBe(true));
  await soon(() => expect(scopes().map((scope) => level(scope) !== null)).toEqual([true, true]));
  await userEvent.keyboard("u");
  const [raw] = scopes()[1]!.querySelectorAll('[aria-label="Values"] [role=radio]');
  await soon(() => expect(raw!.ariaChecked).toBe("true"));
  return host;
}

function channel(host: FakeHost) {
  const { trigger } = host.stream(STREAM);
  return host.device(CONVERTER).channels.find(({ id }) => id === trigger!.trace.channel)!;
}

describe("the trigger's level", () => {
  test("stands in each view in its own units, and turning one view changes no trigger", async () => {
    const host = await two();
    const before = structuredClone(host.stream(STREAM).trigger);
    const set = asked(host, "stream.trigger").length;
    const volts = level(scopes()[0]!);
    await userEvent.fill(volts, "500 mV");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(host.stream(STREAM).trigger?.level).toBe(0.5));
    expect(host.stream(STREAM).trigger).toEqual({ ...before, level: 0.5, physical: true });
    expect(asked(host, "stream.trigger")).toHaveLength(set + 1);
    const counts = toRaw(0.5, channel(host));
    await soon(() => expect(Number(level(scopes()[1]!).value)).toBe(Number(counts.toPrecision(5))));
    expect(volts.value).toBe("500");
    // Both pictures have a mark for it.
    expect(scopes().map((scope) => mark(scope) !== null)).toEqual([true, true]);
  });

  test("typed in counts is taken as counts, and shown in volts by the other view", async () => {
    const host = await two();
    await userEvent.fill(level(scopes()[1]!), "1000");
    await userEvent.keyboard("{Enter}");
    await soon(() =>
      expect(host.stream(STREAM).trigger).toMatchObject({ level: 1000, physical: false }),
    );
    const volts = 1000 * physicalPerCount(channel(host));
    const shown = mark(scopes()[0]!)!;
    await soon(() => expect(Number(shown.getAttribute("aria-valuenow"))).toBeCloseTo(volts, 6));
  });

  test("goes on from what was asked for, while answers are on their way", async () => {
    await two();
    const handle = mark(scopes()[0]!)!;
    const now = () => Number(handle.getAttribute("aria-valuenow"));
    const start = now();
    handle.focus();
    await userEvent.keyboard("{ArrowUp}");
    await soon(() => expect(now()).not.toBe(start));
    const step = now() - start;
    slowly(pinia, "stream.trigger", 500);
    await userEvent.keyboard("{ArrowUp}{ArrowUp}{ArrowUp}");
    // That is shown at once, and holds when all have been answered.
    expect(now()).toBeCloseTo(start + 4 * step, 9);
    const held = () => useStreams(pinia).infos.get(STREAM)?.trigger?.level;
    await soon(() => expect(held()).toBeCloseTo(start + 4 * step, 9));
    expect(now()).toBeCloseTo(start + 4 * step, 9);
  });

  test("moved where it can't be is refused in words, not silently", async () => {
    const host = await two();
    host.refuse("stream.trigger", "“a” records around this trigger.", "BUSY_RECORDING");
    mark(scopes()[0]!)!.focus();
    await userEvent.keyboard("{ArrowUp}");
    await soon(() =>
      expect(scopes()[0]!.querySelector(".refusal")?.textContent).toContain("records around this"),
    );
  });
});

describe("the trigger's source", () => {
  test("chosen once more keeps its level", async () => {
    const host = await two();
    await userEvent.fill(level(scopes()[0]!), "500 mV");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(host.stream(STREAM).trigger?.level).toBe(0.5));
    const set = asked(host, "stream.trigger").length;
    await userEvent.click(scopes()[0]!.querySelector('[aria-label="Trigger source"]')!);
    const chosen = () => one("[role=option][data-state=checked]");
    await soon(() => expect(chosen()).not.toBeNull());
    await userEvent.click(chosen()!);
    await soon(() => expect(chosen()).toBeNull());
    expect(asked(host, "stream.trigger")).toHaveLength(set);
  });
});

describe("a trigger that was taken off", () => {
  test("stays off in the next run", async () => {
    const host = await two();
    await userEvent.keyboard("0");
    await soon(() => expect(host.stream(STREAM).trigger).toBeNull());
    await soon(() => expect(useSettings().layout.untriggered[STREAM]).toBe(true));
    await userEvent.keyboard(" ");
    await soon(() => expect(host.stream(STREAM).state.kind).toBe("idle"));
    const set = asked(host, "stream.trigger").length;
    const frames = asked(host, "view.frame").length;
    await userEvent.keyboard(" ");
    await soon(() => expect(host.stream(STREAM).run).toBe(2));
    await soon(() => expect(asked(host, "view.frame").length).toBeGreaterThan(frames + 20));
    expect(asked(host, "stream.trigger")).toHaveLength(set);
    // Chosen again, it is offered again.
    await userEvent.keyboard("{Shift>}E{/Shift}");
    await soon(() => expect(host.stream(STREAM).trigger).not.toBeNull());
    await soon(() => expect(useSettings().layout.untriggered[STREAM]).toBeUndefined());
    expect(one(".refusal")).toBeNull();
  });
});
