/** More traces than a view takes at once: it says so, and turns to the others. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { channel } from "../../renderer/dev/fake-parts.js";
import { simulatedAdc, simulatedTransceiver } from "../../renderer/dev/fake-simulator.js";
import type { DeviceInfo } from "../../shared/device.js";
import type { FrameRequest } from "../../shared/view.js";
import { ADC, asked, mountWindow, showing, soon } from "./window.js";

const one = (selector: string) => document.querySelector<HTMLElement>(selector);
const bound = () => one("[data-test=trace-bound]");
const sentence = () => bound()?.querySelector("span")?.textContent ?? "";
const tags = () =>
  [...document.querySelectorAll(".scope-plot .tag")].map(({ textContent }) => textContent);
const names = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, k) => `voltage${from + k}`);

function manyChannels(count: number): DeviceInfo {
  const channels = names(0, count).map((id, n) => channel(n, id, "voltage", { scale: "0.03" }));
  return { ...simulatedAdc(), channels };
}

/** Eight I/Q pairs: sixteen channels. */
function manyPairs(): DeviceInfo {
  const device = simulatedTransceiver();
  const ids = names(0, 8).map((id) => ({ i: `${id}_i`, q: `${id}_q` }));
  return {
    ...device,
    channels: ids.flatMap(({ i, q }, n) => [
      channel(2 * n, i, "voltage", { modifier: "i", scale: "0.5" }),
      channel(2 * n + 1, q, "voltage", { modifier: "q", scale: "0.5" }),
    ]),
    pairs: ids.map(({ i, q }, n) => ({
      ...{ id: `${i}+${q}`, i, q },
      ...{ label: `rx${n}`, origin: "modifier" as const },
    })),
  };
}

async function running(device: DeviceInfo) {
  const { host } = await mountWindow({
    devices: [device],
    settings: { layout: showing(device.id) },
  });
  await userEvent.keyboard(" ");
  await soon(() => expect(one(".scope-plot .tag")).not.toBeNull());
  const drawn = () =>
    (asked(host, "view.frame").at(-1) as FrameRequest).traces.map(({ channel: id }) => id);
  return { host, drawn };
}

describe("a view", () => {
  test("draws sixteen channels and says nothing", async () => {
    await running(manyChannels(16));
    expect(tags()).toEqual(names(0, 16));
    expect(bound()).toBeNull();
    // The key means nothing where there are no others.
    await userEvent.keyboard("o");
    expect(tags()).toEqual(names(0, 16));
  });

  test("of seventeen channels says that it draws sixteen", async () => {
    await running(manyChannels(17));
    expect(tags()).toEqual(names(0, 16));
    expect(sentence()).toContain("16 of 17 channels are drawn, voltage0 to voltage15");
    expect(bound()!.querySelector("button")!.textContent.trim()).toBe("Show the next 1");
    await userEvent.keyboard("o");
    await soon(() => expect(tags()).toEqual(["voltage16"]));
    expect(sentence()).toContain("1 of 17 channels is drawn, voltage16;");
  });

  test("of twenty-four shows the others by the button and by the key, and comes back", async () => {
    const { host, drawn } = await running(manyChannels(24));
    expect(sentence()).toContain("16 of 24 channels are drawn");
    await userEvent.click(bound()!.querySelector("button")!);
    await soon(() => expect(tags()).toEqual(names(16, 24)));
    await soon(() => expect(drawn()).toEqual(names(16, 24)));
    expect(bound()!.querySelector("button")!.textContent.trim()).toBe("Show the first 16");
    await userEvent.keyboard("o");
    await soon(() => expect(drawn()).toEqual(names(0, 16)));
    // What is acquired stays as it is.
    expect(asked(host, "stream.configure")).toEqual([]);
    expect(host.stream(ADC).settings.channels).toHaveLength(24);
  });

  test("goes back to the first when those it showed are switched off", async () => {
    const { host } = await running(manyChannels(24));
    await userEvent.keyboard("o");
    await soon(() => expect(tags()).toEqual(names(16, 24)));
    const stream = host.stream(ADC);
    stream.settings.channels = names(0, 12);
    host.emit("stream", { stream: stream.info() });
    await soon(() => expect(tags()).toEqual(names(0, 12)));
    expect(bound()).toBeNull();
  });

  test("counts what pairs become, not their channels", async () => {
    await running(manyPairs());
    expect(tags()).toHaveLength(16);
    expect(bound()).toBeNull();
    // I: magnitude, phase, then all four of each.
    await userEvent.keyboard("i");
    await soon(() => expect(tags()).toEqual(names(0, 8).map((_, n) => `|rx${n}|`)));
    await userEvent.keyboard("ii");
    await soon(() => expect(sentence()).toContain("16 of 32 traces are drawn"));
    await userEvent.keyboard("o");
    await soon(() => expect(tags()).toContain("∠rx7"));
    expect(sentence()).toContain("16 of 32 traces are drawn, |rx0| to ∠rx7");
  });
});
