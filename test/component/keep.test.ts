/** Keeping what has just happened, and how Record records: by key, by button and in the record options. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { useRecordings } from "../../renderer/stores/recordings.js";
import { simulatedAdc } from "../../renderer/dev/fake-simulator.js";
import { openOptions, options } from "./record-options.js";
import { ADC, asked, field, mountWindow, soon } from "./window.js";

const WORDS = "Keep words as the device stores them";
const button = (command: string) =>
  document.querySelector<HTMLElement>(`[data-command="${command}"]`)!;

async function run(): Promise<Awaited<ReturnType<typeof mountWindow>>> {
  const mounted = await mountWindow();
  await userEvent.keyboard(" ");
  await soon(() => expect(button("recording.keep").ariaDisabled).toBe("false"));
  return mounted;
}

describe("keep", () => {
  test("has nothing to keep before anything came", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("k");
    expect(button("recording.keep").ariaDisabled).toBe("true");
    expect(asked(host, "recording.keep")).toEqual([]);
  });

  test("saves the last seconds, and says what is there now", async () => {
    const { host } = await run();
    await userEvent.keyboard("k");
    await soon(() => expect(asked(host, "recording.keep")).toEqual([{ stream: ADC, seconds: 5 }]));
    await soon(() => expect(document.body.textContent).toContain("as “kept”"));
  });

  test("saves what the view shows", async () => {
    const { host } = await run();
    await soon(async () => {
      await userEvent.keyboard("{Shift>}k{/Shift}");
      expect(asked(host, "recording.keep").length).toBeGreaterThan(0);
    });
    const [span] = asked(host, "recording.keep") as { fromScan: number; toScan: number }[];
    expect(span!.toScan).toBeGreaterThan(span!.fromScan);
  });

  test("goes on while the stream is recorded, with the length last set", async () => {
    const { host } = await run();
    await openOptions();
    await userEvent.fill(field("Keep the last"), "20 ms");
    await userEvent.keyboard("{Enter}");
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(button("recording.keep").textContent).toContain("20 ms"));
    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector("button.recording")).not.toBeNull());
    await userEvent.keyboard("k");
    await soon(() =>
      expect(asked(host, "recording.keep")).toEqual([{ stream: ADC, seconds: 0.02 }]),
    );
    expect(document.querySelector("button.recording")).not.toBeNull();
  });
});

describe("a ring that goes on", () => {
  test("has its last seconds kept for good by Alt+K", async () => {
    const { host } = await run();
    await userEvent.keyboard("{Alt>}k{/Alt}");
    expect(asked(host, "recording.ringKeep")).toEqual([]);
    await userEvent.keyboard("r");
    await soon(() => expect(useRecordings().running.has(ADC)).toBe(true));
    const parts = { name: "ring-part0007", number: 7, count: 4, kept: 2, ring: true };
    const { name } = useRecordings().running.get(ADC)!;
    const status = { ...host.recordings.get(ADC)!.status(), parts };
    await soon(async () => {
      host.emit("recording", { status });
      await userEvent.keyboard("{Alt>}k{/Alt}");
      expect(asked(host, "recording.ringKeep")[0]).toEqual({ name, seconds: 5 });
    });
    await soon(() => expect(document.body.textContent).toContain(`of “${name}” stay`));
  });
});

describe("record options", () => {
  test("Esc closes them from a number's field that holds what it held", async () => {
    await run();
    await openOptions();
    await userEvent.click(field("Keep the last"));
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(options()).toBeNull());
  });

  test("begin recordings before the press, and refuse what is no time", async () => {
    const { host } = await run();
    await userEvent.click(button("recording.options"));
    await soon(() => expect(options()).not.toBeNull());
    await userEvent.fill(field("Record begins before the press"), "soon");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(options()!.textContent).toContain("is not a number"));
    await userEvent.fill(field("Record begins before the press"), "2");
    await userEvent.keyboard("{Enter}");
    await userEvent.click(button("recording.options"));
    await soon(() => expect(options()).toBeNull());
    await userEvent.keyboard("r");
    await soon(() =>
      expect(asked(host, "recording.start")).toEqual([{ stream: ADC, preSeconds: 2 }]),
    );
  });

  test("keep words as the device stores them, where some are shifted", async () => {
    const words = () => document.querySelector<HTMLElement>(`[aria-label="${WORDS}"]`);
    const adc = simulatedAdc();
    for (const { scan } of adc.channels) {
      for (const element of scan) element.format = { ...element.format, bits: 12, shift: 4 };
    }
    const { host } = await mountWindow({ devices: [adc] });
    await userEvent.keyboard("{Shift>}r{/Shift}");
    await soon(() => expect(words()).not.toBeNull());
    await userEvent.click(words()!);
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(options()).toBeNull());
    await userEvent.keyboard("r");
    await soon(() => expect(asked(host, "recording.start")).toEqual([{ stream: ADC, raw: true }]));
  });

  test("say nothing of stored words where every bit belongs to a value", async () => {
    await mountWindow();
    await openOptions();
    expect(document.querySelector(`[aria-label="${WORDS}"]`)).toBeNull();
  });
});
