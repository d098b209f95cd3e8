/** What the scope says of its pictures: clipping, the source of its times, sweeps, and the parts of a pair. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { simulatedTransceiver } from "../../renderer/dev/fake-simulator.js";
import type { FakeHost } from "../../renderer/dev/fake-host.js";
import type { Envelope } from "../../shared/messages.js";
import type { Frame, FrameRequest } from "../../shared/view.js";
import { asked, bench, CONVERTER, mountWindow, showing, soon } from "./window.js";

const one = (selector: string) => document.querySelector<HTMLElement>(selector);
const texts = (selector: string) =>
  [...document.querySelectorAll(selector)].map(({ textContent }) => textContent?.trim() ?? "");
const tags = () => texts(".scope-plot .tag");
const newest = (host: FakeHost) => asked(host, "view.frame").at(-1) as FrameRequest;
const press = (label: string) =>
  [...document.querySelectorAll<HTMLElement>(".strip button")]
    .find(({ textContent }) => textContent?.trim() === label)!
    .click();

const isFrame = (result: unknown): result is Frame =>
  typeof result === "object" && result !== null && "touchesTop" in (firstTrace(result) ?? {});
const firstTrace = (result: object) => ("traces" in result ? (result as Frame).traces[0] : null);

/** Every frame passes here on its way to the window. */
function editFrames(host: FakeHost, edit: (frame: Frame) => void): void {
  const makePort = host.port.bind(host);
  host.port = () => {
    const port = makePort();
    const onMessage: typeof port.onMessage = (listener) =>
      port.onMessage((message) => {
        const envelope = message as Envelope;
        if (envelope.kind === "reply" && isFrame(envelope.result)) edit(envelope.result);
        listener(message);
      });
    return { ...port, onMessage };
  };
}

/** A device that runs; its frames are what `edit` makes of them. */
async function running(device: string, edit: (frame: Frame) => void = () => undefined) {
  const options = { devices: bench(), settings: { layout: showing(device) } };
  const { host } = await mountWindow(options, (fake) => editFrames(fake, edit));
  await userEvent.keyboard(" ");
  await soon(() => expect(one(".scope-plot .tag")).not.toBeNull());
  return host;
}

describe("a trace that touches its range", () => {
  test("says which end it reached, and how many more do", async () => {
    const touches = { top: [0, 0, 0, 0], bottom: [0, 0, 0, 0] };
    await running(CONVERTER, (frame) =>
      frame.traces.forEach((trace, index) => {
        trace.touchesTop = touches.top[index]!;
        trace.touchesBottom = touches.bottom[index]!;
      }),
    );
    const clips = () => one(".clips")?.textContent?.trim() ?? "";
    expect(clips()).toBe("");
    touches.top[1] = 3;
    await soon(() => expect(clips()).toBe("v_sw reached the top of its range"));
    expect(texts(".figures th .tone-clipped")).toEqual(["clips"]);
    touches.bottom[1] = 1;
    await soon(() => expect(clips()).toBe("v_sw reached both ends of its range"));
    touches.top[1] = 0;
    await soon(() => expect(clips()).toBe("v_sw reached the bottom of its range"));
    touches.top[0] = 1;
    await soon(() => expect(clips()).toBe("gate reached the top of its range, and 1 more"));
    expect(one(".clips")!.title).toBe(
      "gate reached the top of its range; v_sw reached the bottom of its range",
    );
    touches.top[0] = touches.bottom[1] = 0;
    await soon(() => expect(one(".clips")).toBeNull());
    expect(texts(".figures th .tone-clipped")).toEqual([]);
  });
});

describe("the time axis", () => {
  const words = () => one(".axis-words")?.lastChild?.textContent ?? "";

  test("names the timestamps it takes its times from", async () => {
    await running("sim:inertial");
    await soon(() => expect(words()).toBe("timestamps"));
  });

  test("says where times are the index over the rate, and where there is the index alone", async () => {
    let axis: Frame["timeAxis"] = "rate";
    await running(CONVERTER, (frame) => (frame.timeAxis = axis));
    await soon(() => expect(words()).toBe("index ÷ rate"));
    expect(one(".time-unit")?.textContent).toMatch(/s$/);
    axis = "index";
    await soon(() => expect(words()).toBe("scan index"));
  });
});

describe("sweeps", () => {
  const sweep = () => texts('[aria-label="Sweep"] [aria-checked="true"]');

  test("roll asks for the newest data and offers no trigger", async () => {
    const host = await running(CONVERTER);
    await soon(() => expect(newest(host).range.kind).toBe("trigger"));
    expect(one('[aria-label="Trigger source"]')).not.toBeNull();
    press("Roll");
    await soon(() => expect(newest(host).range).toMatchObject({ kind: "follow", scans: 256 }));
    expect(sweep()).toEqual(["Roll"]);
    expect(one('[aria-label="Trigger source"]')).toBeNull();
    expect(one(".zero-words")?.textContent).not.toContain("trigger");
    // The trigger itself is kept for the sweeps that use it.
    press("Auto");
    await soon(() => expect(newest(host).range).toMatchObject({ kind: "trigger", mode: "auto" }));
  });

  test("normal asks for triggers only, and says that it waits for one", async () => {
    let triggers = true;
    const host = await running(CONVERTER, (frame) => {
      if (!triggers) frame.trigger = null;
    });
    await soon(() => expect(newest(host).range.kind).toBe("trigger"));
    press("Normal");
    await soon(() => expect(newest(host).range).toMatchObject({ kind: "trigger", mode: "normal" }));
    expect(sweep()).toEqual(["Normal"]);
    await soon(() => expect(one(".drawn")?.textContent).toMatch(/ of .*\/s drawn$/));
    triggers = false;
    await soon(() => expect(one(".drawn")?.textContent).toBe("waiting for a trigger"));
  });
});

describe("an I/Q pair", () => {
  const choose = async (label: string) => {
    await userEvent.click(one('[aria-label="Drawn of rx0"]')!);
    await soon(() => expect(one("[role=option]")).not.toBeNull());
    const options = [...document.querySelectorAll<HTMLElement>("[role=option]")];
    await userEvent.click(options.find(({ textContent }) => textContent?.trim() === label)!);
  };

  test("is drawn as its parts, its magnitude, its phase, or all four", async () => {
    const host = await running("sim:transceiver");
    const pair = simulatedTransceiver().pairs[0]!.id;
    const drawn = () => newest(host).traces.map(({ channel, part }) => `${channel} ${part}`);
    expect(tags()).toEqual(["I", "Q"]);
    await choose("magnitude");
    await soon(() => expect(tags()).toEqual(["|rx0|"]));
    await soon(() => expect(drawn()).toEqual([`${pair} magnitude`]));
    await choose("phase");
    await soon(() => expect(tags()).toEqual(["∠rx0"]));
    await soon(() => expect(texts(".figures tbody td.unit")).toContain("rad"));
    await choose("I, Q, magnitude, phase");
    await soon(() => expect(tags()).toEqual(["I", "Q", "|rx0|", "∠rx0"]));
    await soon(() =>
      expect(drawn()).toEqual([
        "voltage0_i value",
        "voltage0_q value",
        `${pair} magnitude`,
        `${pair} phase`,
      ]),
    );
    const colours = [...document.querySelectorAll(".scope-plot .tag")].map(
      ({ className }) => /fill-trace-\d/.exec(className)?.[0],
    );
    expect(new Set(colours).size).toBe(4);
  });
});
