/** The rows of recordings in parts: told apart however narrow the list is, and the one that is written says so. */
import { page, userEvent } from "vitest/browser";
import { afterEach, describe, expect, test } from "vitest";
import { oldRecordings } from "../../renderer/dev/fake-recorder.js";
import { ADC, mountWindow, row, soon } from "./window.js";

const NAME = "2026-11-20_12-41-07_ad7768-4";
const LABEL = "11-20 12:41:07 ad7768-4";
const part = (number: number) => `-part${String(number).padStart(4, "0")}`;

function entries(count: number) {
  const [first] = oldRecordings();
  return Array.from({ length: count }, (_, at) => {
    const name = `${NAME}${part(count - at)}`;
    return { ...first!, name, device: `rec:${name}` };
  });
}

afterEach(() => page.viewport(1680, 1050));

describe("the parts of a recording", () => {
  test("show their numbers where the list is narrow", async () => {
    await page.viewport(1280, 800);
    await mountWindow({ recordings: entries(12) });
    for (let number = 1; number <= 12; number++) {
      const label = row(`${LABEL}${part(number)}`).querySelector<HTMLElement>(".label")!;
      const tail = label.lastElementChild as HTMLElement;
      expect(tail.textContent).toBe(part(number));
      expect(tail.scrollWidth).toBeLessThanOrEqual(tail.offsetWidth);
      const end = tail.getBoundingClientRect().right;
      expect(end).toBeLessThanOrEqual(label.getBoundingClientRect().right + 0.5);
      expect(label.scrollWidth).toBeLessThanOrEqual(label.clientWidth);
      const [beside] = label.parentElement!.querySelectorAll<HTMLElement>(".right");
      expect(end).toBeLessThanOrEqual(beside!.getBoundingClientRect().left);
    }
  });

  test("say which of them is being written, also before the folder was read again", async () => {
    const { host } = await mountWindow({ recordings: entries(2) });
    await userEvent.keyboard("r");
    await soon(() => expect(host.recordings.size).toBe(1));
    const recording = host.recordings.get(ADC)!;
    const status = recording.status.bind(recording);
    const written = (number: number) => () => ({
      ...status(),
      parts: { name: `${NAME}${part(number)}`, number, count: number, kept: 0, ring: true },
    });
    const said = (number: number) =>
      row(`${LABEL}${part(number)}`)
        .querySelector(".right")
        ?.textContent?.trim();
    recording.status = written(2);
    host.tick();
    await soon(() => expect(said(2)).toBe("recording"));
    expect(said(1)).toContain("GB");
    recording.status = written(3);
    host.tick();
    await soon(() => expect(said(3)).toBe("recording"));
    expect(said(2)).toContain("GB");
  });
});
