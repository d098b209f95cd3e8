/** Notes belong to a recording, whatever is selected by the time they are kept. */
import { page, userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { useSettings } from "../../renderer/stores/settings.js";
import { useViews } from "../../renderer/stores/views.js";
import { ADC, asked, mountWindow, soon, type MountedWindow } from "./window.js";

const area = () => document.querySelector<HTMLTextAreaElement>("textarea[aria-label=Notes]")!;

async function typing(): Promise<MountedWindow> {
  const window = await mountWindow();
  await userEvent.keyboard("r");
  await soon(() => expect(document.querySelector("button.recording")).not.toBeNull());
  if (!area()) await page.getByRole("button", { name: "Notes" }).click();
  await soon(() => expect(area()).not.toBeNull());
  await userEvent.click(area());
  await userEvent.keyboard("20 dB pad");
  return window;
}

describe("a note that is being typed", () => {
  test("stays with its recording when another device is selected", async () => {
    const { host } = await typing();
    useSettings().layout.selected = { device: "sim:inertial", channel: null };
    await soon(() => expect(area().value).toBe(""));
    await soon(() => expect(host.recordings.get(ADC)?.note).toBe("20 dB pad"));
    area().focus();
    area().blur();
    expect(asked(host, "recording.annotate")).toHaveLength(1);
  });

  test("in the toolbar stays with its recording when that ends, and is not taken for another that goes on", async () => {
    const second = "sim:transceiver/buffer0";
    const { host, pinia } = await mountWindow({}, (fake) => {
      for (const id of [ADC, second]) fake.stream(id).start();
    });
    useViews(pinia).allStreams = true;
    await userEvent.keyboard("r");
    await soon(() => expect(host.recordings.size).toBe(2));
    await soon(() => expect(document.querySelector("button.recording")).not.toBeNull());
    await userEvent.keyboard("n");
    const note = () => document.querySelector<HTMLTextAreaElement>(".popover textarea");
    await soon(() => expect(note()).not.toBeNull());
    await userEvent.click(note()!);
    await userEvent.keyboard("20 dB pad");
    const { name } = host.recordings.get(ADC)!;
    host.endRecording(host.stream(ADC), null);
    await soon(() =>
      expect(asked(host, "recording.annotate")).toEqual([{ name, note: "20 dB pad" }]),
    );
    await soon(() => expect(note()?.value ?? "").toBe(""));
    expect(host.recordings.get(second)?.note).toBe("");
  });

  test("stays with its recording when that ends, and is not taken for the next one", async () => {
    const { host } = await typing();
    const { name } = host.recordings.get(ADC)!;
    host.endRecording(host.stream(ADC), null);
    await soon(() =>
      expect(asked(host, "recording.annotate")).toEqual([{ name, note: "20 dB pad" }]),
    );
    await soon(() => expect(area().value).toBe(""));
  });
});
