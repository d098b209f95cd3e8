/** What is asked before a studio is closed that would end or miss a recording. */
import { EventEmitter } from "node:events";
import type { BrowserWindow } from "electron";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { closer } from "../../electron/cli/closer.js";
import { askBeforeClose } from "../../electron/main/ask-before-close.js";
import { closeQuestion, type Unfinished } from "../../shared/unfinished.js";
import { formatMoment } from "../../shared/wall-time.js";
import { ADC, makeBench, type Bench } from "./fake/host.js";

const AT = Date.UTC(2030, 0, 2, 3, 4, 5);
const NOTHING: Unfinished = { recordings: [], startsAtMs: [] };

describe("the question before a studio is closed", () => {
  it("is none where nothing goes on and nothing waits", () => {
    expect(closeQuestion(NOTHING)).toBeNull();
  });

  it("names what is being recorded, and that it ends whole", () => {
    const one = closeQuestion({ ...NOTHING, recordings: ["take"] });
    expect(one).toMatchObject({
      title: "“take” is being recorded.",
      detail: "It ends here, whole.",
    });
    const two = closeQuestion({ ...NOTHING, recordings: ["a", "b"] });
    expect(two?.title).toBe("2 recordings go on.");
  });

  it("names when a recording is set for, and that it would not be made", () => {
    const one = closeQuestion({ ...NOTHING, startsAtMs: [AT] });
    expect(one?.title).toBe(`A recording is set for ${formatMoment(AT)}.`);
    expect(one?.detail).toMatch(/will not make it/);
    const all = closeQuestion({ recordings: ["take"], startsAtMs: [AT + 1000, AT] });
    expect(all?.title).toBe(
      `“take” is being recorded. 2 recordings are set for a time, the first for ${formatMoment(AT)}.`,
    );
  });
});

describe("a window of Electron's that is closed", () => {
  function close(unfinished: Unfinished, pressed: number) {
    const window = new EventEmitter();
    const ask = vi.fn(() => pressed);
    askBeforeClose(window as unknown as BrowserWindow, () => unfinished, ask);
    const preventDefault = vi.fn();
    window.emit("close", { preventDefault });
    return { ask, stays: preventDefault.mock.calls.length > 0 };
  }

  it("closes unasked where nothing is missed", () => {
    const { ask, stays } = close(NOTHING, 0);
    expect(ask).not.toHaveBeenCalled();
    expect(stays).toBe(false);
  });

  it("stays open, which is what Enter and Esc mean, or closes, as is answered", () => {
    const waiting = { ...NOTHING, startsAtMs: [AT] };
    const { ask, stays } = close(waiting, 0);
    expect(stays).toBe(true);
    expect(ask.mock.calls[0]).toMatchObject([
      { buttons: ["Keep it open", "Close the studio"], defaultId: 0, cancelId: 0 },
    ]);
    expect(close(waiting, 1).stays).toBe(false);
  });
});

describe("Ctrl+C at a studio that is served", () => {
  function bench(startsAtMs: number[]) {
    const said: string[] = [];
    const close = vi.fn();
    const press = closer({ waiting: () => startsAtMs, say: (line) => said.push(line), close });
    return { said, close, press };
  }

  it("closes it at once where no recording waits", () => {
    const { press, close, said } = bench([]);
    press("SIGINT");
    press("SIGINT");
    expect(close).toHaveBeenCalledOnce();
    expect(said).toEqual(["Closing; what is recorded is kept."]);
  });

  it("says which recording would not be made, and closes with the second", () => {
    const { press, close, said } = bench([AT]);
    press("SIGINT");
    expect(close).not.toHaveBeenCalled();
    expect(said[0]).toContain(formatMoment(AT));
    expect(said[0]).toMatch(/Ctrl\+C again closes it\.$/);
    press("SIGINT");
    expect(close).toHaveBeenCalledOnce();
  });

  it.each(["SIGTERM", "SIGHUP"] as const)("is not asked about by %s", (signal) => {
    const { press, close } = bench([AT]);
    press(signal);
    expect(close).toHaveBeenCalledOnce();
  });
});

describe("a host", () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await makeBench();
  });
  afterEach(() => bench.close());

  it("says what is unfinished, and nothing once it is", async () => {
    expect(bench.host.unfinished()).toEqual(NOTHING);
    await bench.client.request("recording.start", { stream: ADC, name: "take", hash: false });
    const startAtMs = Date.now() + 3_600_000;
    await bench.client.request("recording.schedule", { stream: ADC, startAtMs });
    expect(bench.host.unfinished()).toEqual({ recordings: ["take"], startsAtMs: [startAtMs] });
    await bench.host.close();
    expect(bench.host.unfinished()).toEqual(NOTHING);
  });
});
