/** The view that has the focus leads: whose device the inspector shows. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { bench, CONVERTER, mountWindow, row, showing, soon } from "./window.js";

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
