import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { ADC, asked, field, mountWindow, soon } from "./window.js";

const button = (command: string) =>
  document.querySelector<HTMLElement>(`.toolbar [data-command="${command}"]`)!;
const isRunning = (host: Awaited<ReturnType<typeof mountWindow>>["host"]) =>
  host.stream(ADC).state.kind === "running";

const themes = (host: Awaited<ReturnType<typeof mountWindow>>["host"]) =>
  asked(host, "settings.set").filter((params) => "theme" in (params as object));

describe("keys", () => {
  test("Space runs and stops the stream in the selector", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard(" ");
    await soon(() => expect(isRunning(host)).toBe(true));
    await soon(() => expect(button("stream.stop").ariaDisabled).toBe("false"));
    await userEvent.keyboard(" ");
    await soon(() => expect(isRunning(host)).toBe(false));
  });

  test("keys do nothing while a field has the focus", async () => {
    const { host } = await mountWindow();
    await userEvent.click(field("Filter devices"));
    await userEvent.keyboard("r s?d t ");
    expect(field("Filter devices").value).toBe("r s?d t ");
    expect(asked(host, "recording.start")).toEqual([]);
    expect(asked(host, "stream.start")).toEqual([]);
    expect(asked(host, "stream.single")).toEqual([]);
    expect(document.querySelector("[role=dialog]")).toBeNull();
  });

  test("after a click on a button Space still means run or stop", async () => {
    const { host } = await mountWindow();
    await userEvent.click(button("window.theme"));
    await soon(() => expect(themes(host)).toHaveLength(1));
    await userEvent.keyboard(" ");
    await soon(() => expect(isRunning(host)).toBe(true));
    expect(themes(host)).toHaveLength(1);
  });

  test("a button that Tab reached is pressed by Space", async () => {
    const { host } = await mountWindow();
    button("window.theme").focus();
    await userEvent.keyboard("{Tab}{Tab}{Shift>}{Tab}{Tab}{/Shift}");
    expect(document.activeElement).toBe(button("window.theme"));
    await userEvent.keyboard(" ");
    await soon(() => expect(themes(host)).toHaveLength(1));
    expect(isRunning(host)).toBe(false);
  });

  test("R records at once and stops a young recording without asking", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("r");
    await soon(() => expect(host.recordings.size).toBe(1));
    await soon(() => expect(document.querySelector("button.recording")).not.toBeNull());
    await userEvent.keyboard("r");
    await soon(() => expect(host.recordings.size).toBe(0));
  });

  test("after ten seconds R asks once: Esc goes on, R again stops", async () => {
    const { host } = await mountWindow({}, (fake) => {
      fake.stream(ADC).start(60);
    });
    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector("button.recording")).not.toBeNull());
    const recording = host.recordings.get(ADC)!;
    const status = recording.status.bind(recording);
    recording.status = () => ({ ...status(), seconds: 42 });
    host.tick();
    await soon(() =>
      expect(document.querySelector("button.recording time")?.textContent).toBe("00:42"),
    );

    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector(".question")).not.toBeNull());
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(document.querySelector(".question")).toBeNull());
    expect(asked(host, "recording.stop")).toEqual([]);

    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector(".question")).not.toBeNull());
    await userEvent.keyboard("r");
    await soon(() => expect(host.recordings.size).toBe(0));
  });

  test("while it records, Space and S do nothing to that stream", async () => {
    const { host } = await mountWindow();
    await userEvent.keyboard("r");
    await soon(() => expect(document.querySelector("button.recording")).not.toBeNull());
    await userEvent.keyboard(" s");
    expect(asked(host, "stream.stop")).toEqual([]);
    expect(asked(host, "stream.single")).toEqual([]);
    expect(button("stream.stop").ariaDisabled).toBe("true");
  });

  test("a key held down acts once", async () => {
    const { host } = await mountWindow();
    for (const repeat of [false, true, true]) {
      document.body.dispatchEvent(
        new KeyboardEvent("keydown", { key: "r", repeat, bubbles: true }),
      );
    }
    await soon(() => expect(host.recordings.size).toBe(1));
    expect(asked(host, "recording.stop")).toEqual([]);
  });

  test("? lists the keys of every command", async () => {
    await mountWindow();
    await userEvent.keyboard("?");
    await soon(() =>
      expect(document.querySelector("[role=dialog]")?.textContent).toContain("Ctrl+Shift+P"),
    );
  });
});
