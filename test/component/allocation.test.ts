/** A pool that takes a while to be had: how far it is, and how it is cancelled. */
import { userEvent } from "vitest/browser";
import { describe, expect, test } from "vitest";
import { fail } from "../../shared/errors.js";
import { ADC, asked, mountWindow, soon, type MountedWindow } from "./window.js";

const GIB = 1 << 30;
const empty = () => document.querySelector<HTMLElement>(".empty");
const bar = () => empty()?.querySelector<HTMLElement>("[role=progressbar]") ?? null;
const cancel = () => document.querySelector<HTMLElement>("[data-test=empty-cancel]");

function allocate({ host }: MountedWindow, bytes: number): void {
  const stream = host.stream(ADC);
  stream.state = { kind: "starting", allocation: { bytes, totalBytes: 4 * GIB } };
  host.emit("stream", { stream: stream.info() });
}

async function starting(): Promise<MountedWindow> {
  const mounted = await mountWindow();
  allocate(mounted, GIB);
  await soon(() => expect(bar()).not.toBeNull());
  return mounted;
}

describe("a pool that is being allocated", () => {
  test("shows how much of it is there, where the picture will be and at the blocks", async () => {
    const mounted = await starting();
    expect(bar()!.getAttribute("aria-valuenow")).toBe("25");
    expect(empty()!.textContent).toContain("1 GiB of 4 GiB");
    allocate(mounted, 3 * GIB);
    await soon(() => expect(bar()!.getAttribute("aria-valuenow")).toBe("75"));
    expect(document.querySelectorAll("[role=progressbar]")).toHaveLength(2);
    expect(document.querySelector("[data-bar=status]")!.textContent).toContain("75 %");
    const fill = bar()!.querySelector("i")!;
    await soon(() => expect(fill.offsetWidth / bar()!.offsetWidth).toBeCloseTo(0.75, 1));
  });

  test("is cancelled by its button", async () => {
    const { host } = await starting();
    await userEvent.click(cancel()!);
    await soon(() => expect(asked(host, "stream.stop")).toEqual([{ stream: ADC }]));
    await soon(() => expect(bar()).toBeNull());
  });

  test("is cancelled by Esc", async () => {
    const { host } = await starting();
    await userEvent.keyboard("{Escape}");
    await soon(() => expect(asked(host, "stream.stop")).toEqual([{ stream: ADC }]));
  });

  test("says that it was cancelled without calling it a refusal", async () => {
    const { host } = await mountWindow();
    const message = "The start was cancelled.";
    host.stream(ADC).start = () => {
      throw fail("CANCELLED", message);
    };
    await userEvent.keyboard(" ");
    const lines = () => document.querySelector(".lines")?.textContent;
    await soon(() => expect(lines()).toContain(message));
    expect(lines()).not.toContain("refused");
  });
});
