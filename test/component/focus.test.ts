/** The view that has the focus leads: whose device the inspector shows. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { useViews } from "../../renderer/stores/views.js";
import { ADC, bench, CONVERTER, mountWindow, row, showing, soon } from "./window.js";

describe("the inspector", () => {
  test("shows the device of the view that has the focus", async () => {
    await mountWindow({ devices: bench(), settings: { layout: showing(CONVERTER) } });
    const name = () => document.querySelector(".inspector .name")?.textContent;
    expect(name()).toBe("ad7768-4");
    await userEvent.keyboard("{Alt>}n{/Alt}");
    await userEvent.click(row("adc"));
    await soon(() => expect(name()).toContain("adc"));
    const tabs = [...document.querySelectorAll<HTMLElement>("[role=tab]")];
    expect(tabs).toHaveLength(2);
    await userEvent.click(tabs[0]!);
    await soon(() => expect(name()).toBe("ad7768-4"));
    // What is selected beside the view stays while its own view is used.
    await userEvent.click(row("ad9361-phy"));
    await soon(() => expect(name()).toContain("ad9361-phy"));
    await userEvent.click(tabs[0]!);
    expect(name()).toContain("ad9361-phy");
  });
});

describe("a view beside another", () => {
  const group = (id: string, stream: string) => ({
    ...{ id: `g${id}`, active: id },
    tabs: [{ id, kind: "scope", stream }],
  });
  const beside = (focusedView: string) =>
    JSON.stringify({ rows: [[group("a", ADC), group("b", "sim:inertial/buffer0")]], focusedView });

  test("has the focus when its menu is opened, and gives it on to where the menu leads", async () => {
    const { pinia } = await mountWindow({ settings: { layout: beside("b") } });
    const views = useViews(pinia);
    document.querySelector<HTMLElement>('[aria-label="View menu"]')!.focus();
    await userEvent.keyboard("{Enter}");
    const next = () => document.querySelector('[role=menuitem][data-command="view.next"]');
    await soon(() => expect(next()).not.toBeNull());
    expect(views.focusedTab?.id).toBe("a");
    await userEvent.click(next()!);
    await soon(() => expect(next()).toBeNull());
    expect(views.focusedTab?.id).toBe("b");
  });

  test("has the focus as soon as a key presses something in it: its buttons act on its own stream", async () => {
    const { host, pinia } = await mountWindow({ settings: { layout: beside("b") } });
    const [left] = document.querySelectorAll("section.scope");
    const single = [...left!.querySelectorAll<HTMLElement>("button")].find(
      ({ textContent }) => textContent?.trim() === "Single",
    )!;
    single.focus();
    await userEvent.keyboard("{Enter}");
    await soon(() => expect(host.asked.some(({ name }) => name === "stream.single")).toBe(true));
    expect(host.asked.find(({ name }) => name === "stream.single")?.params).toMatchObject({
      stream: ADC,
    });
    expect(useViews(pinia).focusedTab?.id).toBe("a");
  });
});
