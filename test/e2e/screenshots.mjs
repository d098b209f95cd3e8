// node test/e2e/screenshots.mjs [FOLDER]: takes the pictures of the README from the program itself, over the simulator.
// Needs the bundles (npm run build) and Chromium.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
const folder = resolve(process.argv[2] ?? join(ROOT, "docs", "screenshots"));
mkdirSync(folder, { recursive: true });
const home = mkdtempSync(join(tmpdir(), "studio-shots-"));
const env = {
  ...process.env,
  HOME: home,
  XDG_CONFIG_HOME: join(home, "config"),
  XDG_RUNTIME_DIR: home,
};
const server = spawn(process.execPath, [join(ROOT, "dist/cli/cli.js"), "serve", "--json"], {
  env,
  stdio: ["ignore", "pipe", "inherit"],
});
process.on("exit", () => server.kill("SIGTERM"));
const { url } = JSON.parse(
  await new Promise((done) => server.stdout.once("data", (data) => done(String(data)))),
);
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
});
const page = await browser.newPage({ viewport: { width: 1680, height: 1050 } });
await page.goto(url);
await page.waitForSelector('[role="tree"]');

/** Keys go to the window, and no ring stands where nobody looks for it. */
const blur = () => page.evaluate(() => document.activeElement?.blur());
const shot = async (name) => {
  await blur();
  await page.waitForTimeout(1200);
  await page.screenshot({ path: join(folder, `${name}.png`) });
};
const toggle = (name) =>
  page.getByRole("tree").getByRole("treeitem", { name }).locator(".check").click({ timeout: 5000 });
const words = (pattern) =>
  page.waitForFunction(
    (text) =>
      new RegExp(text).test(
        document.querySelector(".scope-plot")?.getAttribute("aria-label") ?? "",
      ),
    pattern,
  );

const type = async (field, text) => {
  await page.getByRole("textbox", { name: field, exact: true }).fill(text);
  await page.keyboard.press("Enter");
  await blur();
};
const choose = async (field, option) => {
  await page.getByRole("combobox", { name: field }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
};
const closeOptions = async () => {
  await blur();
  await page.locator("body").press("Escape");
  await page.locator(".popover").waitFor({ state: "hidden" });
};
const recordOnTrigger = async () => {
  await page.locator("body").press("Shift+R");
  await page.getByRole("switch", { name: "Record on trigger" }).click();
  await closeOptions();
};

await shot("firstrun-dark");
for (const channel of [/voltage2/, /voltage3/]) await toggle(channel);
await page.keyboard.press("Escape");
await page.locator("body").press("Space");
await words("triggered");
await page.waitForTimeout(1500);
await page.locator("body").press("f");
await shot("running-dark");
await page.locator("body").press("Shift+R");
await page.locator(".verdict dl").waitFor();
await type("A new part after", "4 GB");
await type("Ring: only the last", "40 GB");
await shot("record-options-dark");
for (const option of ["A new part after", "Ring: only the last"]) await type(option, "off");
await closeOptions();
await page.locator("body").press("r");
await page.waitForTimeout(3000);
await shot("recording-dark");
await page.setViewportSize({ width: 1280, height: 720 });
await shot("recording-dark-1280x720");
await page.setViewportSize({ width: 2560, height: 1440 });
await shot("recording-dark-2560x1440");
await page.setViewportSize({ width: 1680, height: 1050 });
await page.locator("body").press("r");
await page.locator("body").press("p");
const box = await page.locator(".scope-plot").boundingBox();
await page.mouse.move(box.x + box.width * 0.27, box.y + box.height / 2);
for (let turn = 0; turn < 14; turn++) {
  await page.mouse.wheel(0, -100);
  await page.waitForTimeout(80);
}
await shot("frozen-dark");
await page.locator("body").press("f");
// Rare glitches, three times as high as the pulses they are among: only they reach the level.
await choose("Trigger source", "pulses");
await type("Trigger level", "600 mV");
await recordOnTrigger();
await page.locator("body").press("r");
await page.waitForFunction(() => document.querySelectorAll("button.row").length >= 8);
await page.locator("body").press("Control+ArrowLeft");
for (let turn = 0; turn < 9; turn++) await page.locator("body").press("+");
await page.locator('[data-section="captures"]').scrollIntoViewIfNeeded();
await shot("captures-dark");
await page.locator("body").press("r");
await page
  .getByText("Stop?")
  .click({ timeout: 3000 })
  .catch(() => undefined);
await recordOnTrigger();
await page.locator("body").press("f");
await choose("Trigger source", "sine");
await type("Trigger level", "0");
await page.getByRole("button", { name: /theme/i }).first().click();
await shot("running-light");
await page.locator("body").press("Alt+U");
await page.getByRole("dialog").getByRole("button", { name: "Search" }).click();
await page.getByRole("button", { name: "Search again" }).waitFor({ timeout: 180_000 });
await shot("tune-light");
await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
await page.setViewportSize({ width: 1280, height: 720 });
await shot("running-light-1280x720");
await page.locator("body").press("r");
await page.waitForTimeout(2000);
await page.setViewportSize({ width: 2560, height: 1440 });
await shot("recording-light-2560x1440");
await page.locator("body").press("r");
await page.waitForTimeout(1000);

await browser.close();
server.kill("SIGTERM");
await new Promise((done) => server.once("exit", done));
rmSync(home, { recursive: true, force: true });
