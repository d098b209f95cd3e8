import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { useCommands } from "../../renderer/stores/commands.js";
import { useRecordings } from "../../renderer/stores/recordings.js";
import { useSettings } from "../../renderer/stores/settings.js";
import { useWindow } from "../../renderer/stores/window.js";
import { ADC, asked, field, mountWindow, row, soon } from "./window.js";

const RX = "sim:transceiver/buffer0";
const dialog = () => document.querySelector<HTMLElement>("[role=dialog]");
const toggle = (label: string) =>
  [...dialog()!.querySelectorAll<HTMLElement>("[role=switch]")].find(
    (one) => one.ariaLabel === label,
  )!;
const button = (name: RegExp) =>
  [...document.querySelectorAll<HTMLButtonElement>("button")].find((one) =>
    name.test(one.textContent?.trim() ?? ""),
  )!;
const isOn = (label: string) => toggle(label).ariaChecked;

describe("recording together", () => {
  test("proposes what runs, takes others in, and begins with one press", async () => {
    const { host } = await mountWindow({}, (fake) => fake.stream(ADC).start());
    await useCommands().run("group.record");
    await soon(() => expect(dialog()?.textContent).toContain("Record together"));
    expect(isOn("sim adc")).toBe("true");
    expect(isOn("sim transceiver")).toBe("false");
    expect(button(/^Record 1 together$/).ariaDisabled).toBe("true");
    await userEvent.click(toggle("sim transceiver"));
    await userEvent.fill(field("Name of the group"), "bench");
    await userEvent.keyboard("{Enter}");
    await userEvent.click(button(/^Record 2 together$/));
    await soon(() =>
      expect(asked(host, "group.start")).toEqual([
        { streams: [ADC, RX], sharedClock: false, name: "bench" },
      ]),
    );
    await soon(() => expect(dialog()).toBeNull());
  });

  test("says what was measured when it is over, and claims no alignment", async () => {
    const { host } = await mountWindow({}, (fake) => {
      for (const id of [ADC, RX]) fake.stream(id).start();
    });
    await userEvent.keyboard("{Alt>}r{/Alt}");
    await soon(() => expect(dialog()).not.toBeNull());
    await userEvent.click(button(/^Record 2 together$/));
    await soon(() => expect(asked(host, "group.start")).toHaveLength(1));
    await soon(() => expect(dialog()).toBeNull());
    await useCommands().run("group.stop");
    await soon(() => {
      const line = document.querySelector(".lines")?.textContent ?? "";
      expect(line).toContain("2 recordings together");
      expect(line).toMatch(/begins 1.2 ms after adc \(± 42 µs\).*3.1 ppm faster/);
      expect(line).toContain("Which samples belong together is not said");
    });
  });

  test("says why they could not be stopped", async () => {
    const { host, pinia } = await mountWindow({}, (fake) => {
      for (const id of [ADC, RX]) fake.stream(id).start();
    });
    await useCommands().run("group.record");
    await soon(() => expect(dialog()).not.toBeNull());
    await userEvent.click(button(/^Record 2 together$/));
    await soon(() => expect(dialog()).toBeNull());
    host.refuse("group.stop", "Its collection can't be written.");
    useWindow(pinia).open("group");
    await soon(() => expect(button(/^Stop all of it$/)).toBeDefined());
    await userEvent.click(button(/^Stop all of it$/));
    await soon(() => expect(dialog()?.textContent).toContain("Its collection can't be written."));
  });

  test("passes on that the user says that the clock is shared", async () => {
    const { host } = await mountWindow({}, (fake) => {
      for (const id of [ADC, RX]) fake.stream(id).start();
    });
    await useCommands().run("group.record");
    await soon(() => expect(dialog()).not.toBeNull());
    await userEvent.click(toggle("They share a sample clock"));
    await userEvent.click(button(/^Record 2 together$/));
    await soon(() => expect(asked(host, "group.start")).toMatchObject([{ sharedClock: true }]));
  });

  test("takes the note and the length, and says which record options do not hold", async () => {
    const { host } = await mountWindow({}, (fake) => {
      for (const id of [ADC, RX]) fake.stream(id).start();
    });
    const recordings = useRecordings();
    recordings.nextNote = "both antennas";
    recordings.forSeconds = 600;
    useSettings().layout.record.ring = { kind: "seconds", seconds: 60 };
    await useCommands().run("group.record");
    await soon(() => expect(dialog()?.textContent).toContain("Each records for 10 min."));
    expect(dialog()!.textContent).toContain("these do not hold here: ring 1 min.");
    await userEvent.click(button(/^Record 2 together$/));
    await soon(() =>
      expect(asked(host, "group.start")).toMatchObject([{ note: "both antennas", seconds: 600 }]),
    );
    await soon(() => expect(dialog()).toBeNull());
    expect([recordings.nextNote, recordings.forSeconds]).toEqual(["", null]);
  });

  test("is offered in the menu of a device, which it takes in, and refused beside the button", async () => {
    const { host } = await mountWindow({}, (fake) => fake.stream(ADC).start());
    row("transceiver").dispatchEvent(
      new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 40, clientY: 200 }),
    );
    const item = () =>
      [...document.querySelectorAll<HTMLElement>("[role=menuitem]")].find((one) =>
        one.textContent?.includes("Record together with others"),
      );
    await soon(() => expect(item()).toBeTruthy());
    await userEvent.click(item()!);
    await soon(() => expect(dialog()).not.toBeNull());
    expect([isOn("sim adc"), isOn("sim transceiver")]).toEqual(["true", "true"]);
    host.stream(ADC).recording = "elsewhere";
    await userEvent.click(button(/^Record 2 together$/));
    await soon(() =>
      expect(dialog()!.querySelector("[role=alert]")?.textContent).toContain("already"),
    );
  });
});
