import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { attribute } from "../../renderer/dev/fake-parts.js";
import { sliderScale } from "../../renderer/lib/slider-scale.js";
import type { AttributeInfo } from "../../shared/device.js";
import {
  ADC,
  asked,
  bench,
  CONVERTER,
  field,
  mountWindow,
  row,
  sentenceBeside,
  showing,
  soon,
} from "./window.js";

const onConverter = { devices: bench(), settings: { layout: showing(CONVERTER) } };
const fresh = () => ({ ...onConverter, devices: bench() });

async function typeInto(input: HTMLElement, text: string): Promise<void> {
  await userEvent.click(input);
  await userEvent.fill(input, text);
  await userEvent.keyboard("{Enter}");
}

const unitOf = (input: HTMLElement) => input.parentElement!.querySelector(".unit")?.textContent;

describe("editing an attribute", () => {
  test("a number with an SI prefix is written with every digit and shown with its prefix", async () => {
    const { host } = await mountWindow();
    await typeInto(field("sampling_frequency"), "2.4M");
    await soon(() => expect(asked(host, "attribute.write")).toMatchObject([{ value: "2400000" }]));
    await soon(() => expect(field("sampling_frequency").value).toBe("2.4"));
    expect(unitOf(field("sampling_frequency"))).toBe("MHz");
  });

  test("a bare number is taken in the unit that stands beside it", async () => {
    const { host } = await mountWindow();
    await typeInto(field("sampling_frequency"), "2");
    await soon(() => expect(asked(host, "attribute.write")).toMatchObject([{ value: "2000000" }]));
  });

  test("a number with the plain unit is taken as it says, whatever prefix stands beside it", async () => {
    const { host } = await mountWindow();
    await typeInto(field("sampling_frequency"), "48000 Hz");
    await soon(() => expect(asked(host, "attribute.write")).toMatchObject([{ value: "48000" }]));
    await soon(() => expect(unitOf(field("sampling_frequency"))).toBe("kHz"));
  });

  test("a refused value stays in its field, the sentence with what was kept under it, until Esc", async () => {
    const { host } = await mountWindow(fresh());
    const inputs = [
      ...document.querySelectorAll<HTMLInputElement>('input[aria-label="calibbias"]'),
    ];
    const input = inputs[1]!;
    expect(input.value).toBe("−12");
    await typeInto(input, "40000");
    await soon(() => expect(sentenceBeside(input)).toContain("The device kept −12."));
    await userEvent.click(document.querySelector(".inspector .head")!);
    expect(input.value).toBe("40000");
    expect(input.getAttribute("aria-invalid")).toBe("true");
    expect(asked(host, "attribute.write")).toHaveLength(1);

    await userEvent.click(input);
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(input.value).toBe("−12"));
    expect(sentenceBeside(input)).toBe("");
  });

  test("what the device measures is read again after something was set", async () => {
    const { host } = await mountWindow({}, (fake) => {
      const adc = fake.device("sim:adc");
      const raw = {
        ...{ scope: { kind: "channel", channel: "voltage0" }, name: "raw", access: "read" },
        ...{ control: "number", unit: "", available: { kind: "any" } },
        value: { state: "ok", raw: "812", readAtMs: 0 },
      } as AttributeInfo;
      fake.devices.set("sim:adc", { ...adc, attributes: [...adc.attributes, raw] });
    });
    await typeInto(field("sampling_frequency"), "48000 Hz");
    await soon(() => expect(asked(host, "attribute.read")).toMatchObject([{ name: "raw" }]));
  });

  test("what is no number is refused in the window and never sent", async () => {
    const { host } = await mountWindow();
    await typeInto(field("sampling_frequency"), "fast");
    await soon(() => expect(sentenceBeside(field("sampling_frequency"))).not.toBe(""));
    expect(asked(host, "attribute.write")).toEqual([]);
  });

  test("a value outside the driver's range is refused with the bound, and the slider stays where it was", async () => {
    await mountWindow(fresh());
    const input = document.querySelector<HTMLInputElement>('input[aria-label="calibscale"]')!;
    await typeInto(input, "3");
    await soon(() => expect(sentenceBeside(input)).toBe("At most 2. The device kept 1."));
    const thumb = document.querySelector('[role=slider][aria-label="calibscale"]')!;
    expect(thumb.getAttribute("aria-valuenow")).toBe("1");
  });

  test("a listed attribute offers what the driver lists, and writes what is chosen", async () => {
    const { host } = await mountWindow();
    await userEvent.click(document.querySelector('[aria-label="waveform"]')!);
    const options = [...document.querySelectorAll("[role=option]")].map((o) =>
      o.textContent?.trim(),
    );
    expect(options).toEqual(["sine", "square", "triangle", "sweep", "noise", "pulses"]);
    await userEvent.click(document.querySelectorAll("[role=option]")[2]!);
    await soon(() => expect(asked(host, "attribute.write")).toMatchObject([{ value: "triangle" }]));
  });

  test("a boolean is a switch", async () => {
    const { host } = await mountWindow();
    await userEvent.click(document.querySelector('[role=switch][aria-label="counter_mode"]')!);
    await soon(() =>
      expect(asked(host, "attribute.write")).toMatchObject([{ name: "counter_mode", value: "1" }]),
    );
  });

  test("the slider of a range writes in steps of the driver, and shows what was kept", async () => {
    const { host } = await mountWindow();
    const thumb = document.querySelector<HTMLElement>('[role=slider][aria-label="amplitude"]')!;
    thumb.focus();
    await userEvent.keyboard("{ArrowRight}");
    await soon(() => expect(asked(host, "attribute.write")).toMatchObject([{ value: "0.801" }]));
    await soon(() => expect(field("amplitude").value).toBe("801"));
    expect(unitOf(field("amplitude"))).toBe("mV");
  });

  test("what can only be read has no edge and no field", async () => {
    await mountWindow(fresh());
    const scale = document.querySelector('[data-attribute="scale"]')!;
    expect(scale.textContent).toContain("488");
    expect(scale.querySelector("input, button")).toBeNull();
  });

  test("the rate is locked while its stream records, and the offer to go on in a new one opens it", async () => {
    const { host } = await mountWindow({}, (fake) => fake.stream("sim:adc/buffer0").start(1));
    await userEvent.keyboard("r");
    await soon(() => expect(field("sampling_frequency").readOnly).toBe(true));
    await userEvent.click(document.querySelector(".lock-line .link")!);
    await soon(() => expect(field("sampling_frequency").readOnly).toBe(false));
    await typeInto(field("sampling_frequency"), "500k");
    await soon(() =>
      expect(asked(host, "attribute.write")).toMatchObject([
        { value: "500000", continueRecording: true },
      ]),
    );
    await soon(() => expect(field("sampling_frequency").readOnly).toBe(true));
  });
});

describe("the simulator's faults", () => {
  test("stand in a group of their own, and the plug goes back in while the device is gone", async () => {
    const { host } = await mountWindow();
    const vanish = () => document.querySelector<HTMLElement>('[role=switch][aria-label="vanish"]')!;
    expect(document.querySelector('[data-group="sim:adc faults"]')?.textContent).toContain(
      "Faults on demand",
    );
    await userEvent.click(vanish());
    await soon(() => expect(host.device("sim:adc").presence).toBe("gone"));
    await soon(() => expect(vanish().ariaChecked).toBe("true"));
    expect(field("sampling_frequency").readOnly).toBe(true);
    await userEvent.click(vanish());
    await soon(() => expect(host.device("sim:adc").presence).toBe("present"));
    await soon(() => expect(field("sampling_frequency").readOnly).toBe(false));
  });
});

describe("an attribute that can't be read", () => {
  const refused = (name: string, code: string): AttributeInfo => ({
    ...attribute({ kind: "device" }, name, "", { access: "read" }),
    value: { state: "failed", error: { code, message: `The driver answered ${code}.` } },
  });
  const rowOf = (name: string) => document.querySelector(`[data-attribute="${name}"]`)!;

  test("while the buffer runs says so calmly, and is read again once it has stopped", async () => {
    const { host } = await mountWindow({}, (fake) => {
      fake.device("sim:adc").attributes.unshift(refused("raw", "EBUSY"), refused("temp", "EIO"));
      fake.stream(ADC).start(1);
    });
    await soon(() => expect(rowOf("raw").textContent).toContain("–, while running"));
    expect(rowOf("raw").querySelector("[title='The driver answered EBUSY.']")).not.toBeNull();
    // What is wrong stays wrong.
    const sentences = () =>
      [...document.querySelectorAll(".inspector .refusal")].map((one) => one.textContent?.trim());
    expect(sentences()).toEqual(["The driver answered EIO."]);

    host.device("sim:adc").attributes[0]!.value = { state: "ok", raw: "87", readAtMs: 0 };
    await userEvent.keyboard(" ");
    await soon(() => expect(rowOf("raw").textContent).toContain("87"));
    expect(sentences()).toEqual(["The driver answered EIO."]);
  });

  test("for another reason, with nothing running, says that beside it", async () => {
    await mountWindow({}, (fake) => {
      fake.device("sim:adc").attributes.unshift(refused("raw", "EBUSY"));
    });
    await soon(() =>
      expect(document.querySelector(".inspector .refusal")?.textContent).toContain("EBUSY"),
    );
  });
});

describe("attributes of a device that is gone", () => {
  test("show their last values, greyed, and leave it to the banner to say what happened", async () => {
    const { host } = await mountWindow({}, (fake) => fake.stream("sim:adc/buffer0").start(1));
    await soon(() => expect(field("sampling_frequency").value).toBe("1"));
    host.unplug("sim:adc");
    await soon(() => expect(document.querySelectorAll(".banner")).toHaveLength(1));
    await soon(() => expect(field("sampling_frequency").readOnly).toBe(true));
    expect(host.device("sim:adc").attributes[0]?.value).toMatchObject({ state: "failed" });
    expect(field("sampling_frequency").value).toBe("1");
    expect(field("sampling_frequency").closest(".field")?.classList).toContain("dead");
    expect(document.querySelector('[data-section="attributes"]')?.textContent).toContain(
      "last known",
    );
    expect(document.querySelectorAll(".inspector .refusal")).toHaveLength(0);
  });

  test("are read again when it is back: what was read before says nothing of it", async () => {
    const { host } = await mountWindow(fresh());
    expect(field("sampling_frequency").value).toBe("256");
    host.unplug(CONVERTER);
    await soon(() => expect(field("sampling_frequency").readOnly).toBe(true));
    const back = structuredClone(host.device(CONVERTER));
    back.presence = "present";
    delete back.goneAtMs;
    for (const one of back.attributes) {
      const raw = one.name === "sampling_frequency" ? "125000" : "0";
      one.value = { state: "ok", raw, readAtMs: Date.now() };
    }
    host.devices.set(CONVERTER, back);
    // Found again, and nothing of it read yet.
    const attributes = back.attributes.map((one) => ({
      ...one,
      value: { state: "unread" as const },
    }));
    host.emit("device", { device: { ...back, attributes } });
    await soon(() => expect(field("sampling_frequency").value).toBe("125"));
    expect(asked(host, "device.readAttributes")).toContainEqual({ device: CONVERTER });
  });

  test("come back with the simulated device, from its menu, and the banner says so", async () => {
    const { host } = await mountWindow({}, (fake) => fake.stream("sim:adc/buffer0").start(1));
    host.unplug("sim:adc");
    await soon(() => expect(document.querySelectorAll(".banner")).toHaveLength(1));
    await userEvent.click(row("adc"), { button: "right" });
    const plug = () =>
      [...document.querySelectorAll<HTMLElement>("[role=menuitem]")].find(
        (item) => item.textContent?.trim() === "Plug in again",
      );
    await soon(() => expect(plug()).toBeDefined());
    await userEvent.click(plug()!);
    await soon(() => expect(host.device("sim:adc").presence).toBe("present"));
    // It stays until it was seen, and says what is true now.
    await soon(() =>
      expect(document.querySelector(".banner b")?.textContent).toContain("back since"),
    );
    await soon(() => expect(field("sampling_frequency").readOnly).toBe(false));
  });
});

describe("a range on a slider", () => {
  test("lies evenly, in the driver's steps, where it is narrow", () => {
    const scale = sliderScale(-3, 71, 1, "dB");
    expect([scale.min, scale.max, scale.step]).toEqual([-3, 71, 1]);
    expect(scale.value(41.6)).toBe(42);
    expect(sliderScale(0, 1, 0.001, "").value(0.1 + 0.2)).toBe(0.3);
  });

  test("lies evenly where it is a share of a whole, however small that begins", () => {
    const duty = sliderScale(0.001, 0.999, 0.001, "");
    expect(duty.place(0.5)).toBe(0.5);
    expect([duty.min, duty.max]).toEqual([0.001, 0.999]);
  });

  test("lies by decades where it spans many, and stays within the driver's bounds and steps", () => {
    const scale = sliderScale(520_833, 61_440_000, 1, "Hz");
    expect(scale.value(scale.min)).toBe(520_833);
    expect(scale.value(scale.max)).toBe(61_440_000);
    const middle = scale.value((scale.min + scale.max) / 2);
    expect(middle).toBeGreaterThan(5e6);
    expect(middle).toBeLessThan(6e6);
    expect(scale.place(520_833)).toBeCloseTo(scale.min);
  });
});
