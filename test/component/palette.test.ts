import { describe, expect, test } from "vitest";
import { nextTick } from "vue";
import { userEvent } from "vitest/browser";
import { findEntries, fit, type PaletteEntry } from "../../renderer/lib/palette.js";
import { useCommands } from "../../renderer/stores/commands.js";
import { ADC, asked, bench, mountWindow, soon } from "./window.js";

const open = async () => {
  await userEvent.keyboard("{Control>}{Shift>}P{/Shift}{/Control}");
  await soon(() => expect(document.querySelector("[role=listbox]")).not.toBeNull());
};
const options = () => [...document.querySelectorAll<HTMLElement>("[role=listbox] [role=option]")];

describe("the command palette", () => {
  test("finds a device by name and shows it", async () => {
    await mountWindow({ devices: bench() });
    await open();
    await userEvent.keyboard("adxl");
    await soon(() => expect(options()[0]?.textContent).toContain("Show adxl355"));
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(document.querySelector("[role=listbox]")).toBeNull());
    await soon(() =>
      expect(document.querySelector("[data-test=stream-selector]")?.textContent).toContain(
        "adxl355",
      ),
    );
  });

  test("runs a command with Enter, and shows its key", async () => {
    const { host } = await mountWindow();
    await open();
    await userEvent.keyboard("run");
    expect(options()[0]?.textContent).toContain("Space");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(host.stream(ADC).state.kind).toBe("running"));
  });

  test("says why a command cannot act now, and does not run it", async () => {
    await mountWindow();
    await open();
    await userEvent.keyboard("stop");
    const stop = options().find((option) => option.dataset["entry"] === "stream.stop")!;
    expect(stop.textContent).toContain("it does not run");
    stop.click();
    await nextTick();
    expect(document.querySelector("[role=listbox]")).not.toBeNull();
  });

  test("moves through what it found with the arrow keys", async () => {
    await mountWindow();
    await open();
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{ArrowUp}");
    expect(options()[1]?.ariaSelected).toBe("true");
    const input = document.querySelector("input[role=combobox]")!;
    expect(input.getAttribute("aria-activedescendant")).toBe(options()[1]!.id);
  });

  test("finds what can be done to the selected device", async () => {
    await mountWindow();
    await open();
    await userEvent.keyboard("rename{Enter}");
    await soon(() => expect(document.activeElement?.className).toContain("editor"));
    expect((document.activeElement as HTMLInputElement).value).toBe("adc");
  });

  test("is not made anew with every picture of a stream that runs", async () => {
    const { host, pinia } = await mountWindow({}, (fake) => fake.stream(ADC).start(1));
    let made = 0;
    const title = () => `Made ${++made > 0}`;
    useCommands(pinia).register([
      { id: "test.made", title, category: "Help", run: () => undefined },
    ]);
    await open();
    const before = made;
    const frames = asked(host, "view.frame").length;
    await soon(() => expect(asked(host, "view.frame").length).toBeGreaterThan(frames + 40));
    expect(made - before).toBeLessThan(10);
  });

  test("opens a recording by its date", async () => {
    await mountWindow({ devices: bench() });
    await open();
    await userEvent.keyboard("open 11-20 11:58");
    await userEvent.keyboard("{Enter}");
    await soon(() =>
      expect(document.querySelector("[data-test=stream-selector]")?.textContent).toContain(
        "11-20 11:58",
      ),
    );
  });
});

describe("what fits", () => {
  const entry = (title: string): PaletteEntry => ({
    id: title,
    title,
    detail: "Stream",
    keys: "",
    blocked: null,
    run: () => undefined,
  });

  test("every word must be found", () => {
    expect(fit(entry("Split to the right"), "split right")).not.toBeNull();
    expect(fit(entry("Split to the right"), "split left")).toBeNull();
  });

  test("the start of the title comes before the start of a word, and that before the middle", () => {
    const titles = ["Overrun", "All run", "Run"].map(entry);
    expect(findEntries(titles, "run").map(({ title }) => title)).toEqual([
      "Run",
      "All run",
      "Overrun",
    ]);
  });
});
