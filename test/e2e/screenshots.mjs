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

const shot = async (name) => {
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

await shot("firstrun-dark");
