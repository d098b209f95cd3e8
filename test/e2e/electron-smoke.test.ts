/**
 * Electron's own shell, wherever its runtime exists: the one thing the fake cannot prove. Playwright's `_electron` needs
 * the inspector fuse on, as it is in a development runtime.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { _electron } from "playwright-core";
import { describe, expect, it } from "vitest";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
const folder =
  process.env["ELECTRON_OVERRIDE_DIST_PATH"] ?? join(ROOT, "node_modules/electron/dist");
const runtime = join(folder, "electron");
const display = process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"];
const reason = !existsSync(runtime)
  ? "Electron's runtime is not on this machine"
  : !display
    ? "there is no display"
    : null;

describe.skipIf(reason)(`Electron's shell${reason ? ` (${reason})` : ""}`, () => {
  it("opens the window, hands it a port, and draws a live trace", async () => {
    const home = mkdtempSync(join(tmpdir(), "studio-electron-"));
    const app = await _electron.launch({
      executablePath: runtime,
      args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), ROOT],
      env: { ...(process.env as Record<string, string>), HOME: home, XDG_CONFIG_HOME: home },
    });
    try {
      const page = await app.firstWindow();
      await page.waitForSelector('[role="tree"]');
      expect(await page.evaluate(() => "require" in window || "process" in window)).toBe(false);
      await page.keyboard.press("Space");
      await page.waitForSelector(".u-over");
    } finally {
      await app.close();
      rmSync(home, { recursive: true, force: true });
    }
  });

  it("runs a command without a window", async () => {
    const { spawnSync } = await import("node:child_process");
    const { status, stdout } = spawnSync(runtime, ["--no-sandbox", ROOT, "devices", "--json"], {
      env: { ...process.env, DISPLAY: "", WAYLAND_DISPLAY: "" },
      encoding: "utf8",
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty("devices");
  });
});
