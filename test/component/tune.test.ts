import { describe, expect, test } from "vitest";
import { userEvent } from "vitest/browser";
import { ADC, asked, field, mountWindow, soon } from "./window.js";

const dialog = () => document.querySelector<HTMLElement>("[role=dialog]");
const button = (name: string) =>
  [...document.querySelectorAll<HTMLButtonElement>("button")].find(
    (one) => one.textContent?.trim() === name,
  );
const press = (name: string) => userEvent.click(button(name)!);
const rows = () =>
  [...document.querySelectorAll(".tries tbody tr")].map((tr) =>
    [...tr.children].map((td) => td.textContent?.trim()),
  );
const words = () => dialog()?.querySelector("[role=status]")?.textContent?.trim();

async function openDialog(): Promise<void> {
  await press("Find my settings…");
  await soon(() => expect(dialog()).not.toBeNull());
}

describe("find my settings", () => {
  test("shows its tries while it goes, and applies what it found only at a press", async () => {
    const { host } = await mountWindow();
    await openDialog();
    await press("Search");
    await soon(() => expect(rows().length).toBeGreaterThan(1));
    expect(words()).toContain("of 16 at most");
    await soon(() => expect(words()).toMatch(/blocks of 16 KiB, \d+ of them queued/));
    expect(rows().map((row) => row[5])).toContain("the queue ran dry");
    expect(rows().at(-1)![5]).toBe("kept up");
    expect(asked(host, "stream.tune")).toEqual([{ stream: ADC, seconds: 3, marginPercent: 50 }]);
    expect(asked(host, "stream.configure")).toEqual([]);
    await press("Apply");
    await soon(() =>
      expect(asked(host, "stream.configure")).toMatchObject([
        { stream: ADC, patch: { blockSize: { kind: "bytes", bytes: 16_384 } } },
      ]),
    );
    await soon(() => expect(dialog()).toBeNull());
  });

  test("takes the length of a try and the margin, and refuses those that make no sense", async () => {
    const { host } = await mountWindow();
    await openDialog();
    await userEvent.fill(field("Margin"), "95");
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(dialog()!.textContent).toContain("From 0 to 90 %."));
    await userEvent.fill(field("Margin"), "25");
    await userEvent.keyboard("{Enter}");
    await userEvent.fill(field("Length of a try"), "500 ms");
    await userEvent.keyboard("{Enter}");
    await press("Search");
    await soon(() =>
      expect(asked(host, "stream.tune")).toEqual([
        { stream: ADC, seconds: 0.5, marginPercent: 25 },
      ]),
    );
  });

  test("is cancelled by its button, and by closing the dialog", async () => {
    const { host } = await mountWindow();
    await openDialog();
    await press("Search");
    await soon(() => expect(rows().length).toBe(1));
    await press("Cancel");
    await soon(() => expect(words()).toContain("Cancelled"));
    await press("Search again");
    await soon(() => expect(rows().length).toBe(1));
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(asked(host, "stream.tuneStop")).toHaveLength(2));
    expect(dialog()).toBeNull();
  });

  test("is cancelled by closing the dialog before it has told of its first try", async () => {
    const { host } = await mountWindow();
    const emit = host.emit.bind(host);
    host.emit = (name, data) => (name === "stream.tune" ? undefined : emit(name, data));
    await openDialog();
    await press("Search");
    await soon(() => expect(asked(host, "stream.tune")).toHaveLength(1));
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(asked(host, "stream.tuneStop")).toEqual([{ stream: ADC }]));
  });

  test("says why there is nothing to find where blocks are waited for", async () => {
    const { host } = await mountWindow({}, (fake) => {
      fake.stream(ADC).settings.rateMax = true;
    });
    const find = button("Find my settings…")!;
    expect(find.ariaDisabled).toBe("true");
    expect(find.title).toContain("waits for free blocks");
    find.click();
    expect(dialog()).toBeNull();
    expect(asked(host, "stream.tune")).toEqual([]);
  });
});
