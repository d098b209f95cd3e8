/** What floats above the window has the keys for as long as it is open. */
import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { openOptions, options, type } from "./record-options.js";
import { ADC, asked, mountWindow, soon } from "./window.js";

const dialog = () => document.querySelector("[role=dialog]");
const loseFocus = () => (document.activeElement as HTMLElement | null)?.blur();

describe("a layer that is open", () => {
  test("closes at Escape where the focus is on the page", async () => {
    await mountWindow();
    await openOptions();
    loseFocus();
    expect(document.activeElement).toBe(document.body);
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(options()).toBeNull());
  });

  test("takes the focus back from a control that goes away, and closes at Escape", async () => {
    const { host } = await mountWindow({}, (fake) => fake.stream(ADC).start(60));
    await openOptions();
    await type("Keep the last", "30");
    const room = () => options()!.querySelector<HTMLElement>('[data-command="recording.room"]');
    await soon(() => expect(room()).not.toBeNull());
    await userEvent.click(room()!);
    await soon(() => expect(asked(host, "stream.configure")).toHaveLength(1));
    await soon(() => expect(room()).toBeNull());
    await soon(() => expect(document.activeElement).toBe(options()));
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(options()).toBeNull());
  });

  test("lets neither Space nor R act behind it, and closes at Escape", async () => {
    const { host } = await mountWindow({}, (fake) => fake.stream(ADC).start(60));
    await userEvent.keyboard("{Alt>}u{/Alt}");
    await soon(() => expect(dialog()).not.toBeNull());
    loseFocus();
    await userEvent.keyboard(" r");
    expect(asked(host, "stream.stop")).toEqual([]);
    expect(asked(host, "recording.start")).toEqual([]);
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(dialog()).toBeNull());
    await userEvent.keyboard(" ");
    await soon(() => expect(asked(host, "stream.stop")).toHaveLength(1));
  });
});
