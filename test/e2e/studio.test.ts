/** What a lab engineer does in the first ten minutes, in the real window over the real host. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startStudio, type Studio } from "./studio.js";

let studio: Studio;
let page: Page;

beforeAll(async () => {
  studio = await startStudio();
});
afterAll(() => studio?.close());
beforeEach(async () => {
  page = await studio.open();
});
afterEach(async () => {
  await page.close();
  expect(studio.complaints.splice(0)).toEqual([]);
});

const plot = () => page.locator(".scope-plot");
const field = (name: string) => page.getByRole("textbox", { name, exact: true });
const words = async () => (await plot().getAttribute("aria-label")) ?? "";

async function setField(name: string, value: string): Promise<void> {
  await field(name).fill(value);
  await field(name).press("Enter");
}

/** Waits until something read off the page is as wanted. */
const until = (read: () => Promise<unknown>) => expect.poll(read, { timeout: 20_000 });

async function runs(): Promise<void> {
  await page.getByRole("tree").getByText("adc", { exact: true }).click();
  await page.keyboard.press("Space");
  await until(words).toMatch(/V/);
}

async function stops(): Promise<void> {
  const stop = page.getByRole("button", { name: "Stop", exact: true });
  if ((await stop.getAttribute("aria-disabled")) !== "true") await stop.click();
}

describe("the studio", () => {
  it("selects a device, changes its blocks, runs, triggers, zooms to single samples, records and opens the recording", async () => {
    await page.getByRole("tree").getByText("adc", { exact: true }).click();
    await setField("Blocks", "128");
    await setField("Block size", "16 Ki");
    await until(() => field("Blocks").inputValue()).toBe("128");
    await until(() => page.locator("body").innerText()).toMatch(/4,096 scans of 4 bytes/);

    await page.keyboard.press("Escape");
    await page.keyboard.press("Space");
    await until(words).toMatch(/triggered/);
    await until(() => page.getByRole("slider", { name: "Trigger level" }).count()).toBe(1);

    await page.keyboard.press("p");
    await until(() => page.locator(".chip").count()).toBe(1);
    const box = (await plot().boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    for (let turn = 0; turn < 24; turn++) await page.mouse.wheel(0, -100);
    await until(() => page.locator("div.strip").innerText()).toContain("every sample shown");
    await page.keyboard.press("f");
    await until(() => page.locator(".chip").count()).toBe(0);

    await page.keyboard.press("r");
    await until(() => page.getByRole("button", { name: "Stop recording" }).count()).toBe(1);
    await page.waitForTimeout(1000);
    await page.keyboard.press("r");
    await until(async () => recordings().length).toBe(1);
    await stops();

    const row = page
      .getByRole("tree")
      .getByRole("treeitem")
      .filter({ hasText: /\d\d:\d\d adc/ });
    await row.first().click();
    await until(() => page.locator(".overview").innerText()).toMatch(/end/);
    await until(words).toMatch(/V.* s shown/);
  });

  it("keeps what was shown when the window is loaded again", async () => {
    await runs();
    await page.reload().catch(() => undefined);
    page = await studio.open();
    await until(words).toMatch(/V/);
    await stops();
  });

  it("keeps a refused value beside its field, with what holds", async () => {
    await page.getByRole("tree").getByText("transceiver", { exact: true }).click();
    await until(() => field("rf_bandwidth").count()).toBeGreaterThan(0);
    await field("rf_bandwidth").first().fill("900 MHz");
    await field("rf_bandwidth").first().press("Enter");
    await until(() => page.getByText(/kept/).count()).toBeGreaterThan(0);
    expect(await field("rf_bandwidth").first().inputValue()).toContain("900");
    await field("rf_bandwidth").first().press("Escape");
  });

  it("shows what was lost, hatched and counted", async () => {
    await runs();
    await page.getByRole("switch", { name: /lost.blocks/i }).click();
    await until(() =>
      page.locator("footer, .status, [aria-label=Status]").first().innerText(),
    ).toMatch(/lost|gap/);
    await page.getByRole("switch", { name: /lost.blocks/i }).click();
    await stops();
  });

  it("finds commands and devices by name", async () => {
    await page.keyboard.press("Control+Shift+P");
    await page.keyboard.type("inertial");
    await page.keyboard.press("Enter");
    await until(() =>
      page.locator("[aria-label=Inspector], .inspector, aside").last().innerText(),
    ).toMatch(/inertial/);
    await page.keyboard.press("?");
    await until(() => page.getByRole("dialog").innerText()).toMatch(/Run/);
    await page.keyboard.press("Escape");
  });

  it("is whole at every size it is meant for", async () => {
    await runs();
    for (const [width, height] of [
      [1280, 720],
      [1680, 1050],
      [2560, 1440],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(300);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - window.innerWidth,
      );
      expect(overflow).toBeLessThanOrEqual(0);
      const box = (await plot().boundingBox())!;
      expect(box.height).toBeGreaterThan(height / 3);
    }
    await stops();
  });
});

function recordings(): string[] {
  const folder = join(studio.home, "Recordings");
  try {
    return readdirSync(folder).filter((name) => {
      if (!name.endsWith(".sigmf-meta")) return false;
      const meta = JSON.parse(readFileSync(join(folder, name), "utf8")) as {
        global: { "iio:state": string };
      };
      return meta.global["iio:state"] === "complete";
    });
  } catch {
    return [];
  }
}
