import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

/** The window's parts in a real Chromium, against a fake host that speaks the message map. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  plugins: [vue()],
  cacheDir: fileURLToPath(new URL("../../.cache/vite-component", import.meta.url)),
  optimizeDeps: { include: ["vue", "pinia", "reka-ui", "uplot", "valibot"] },
  test: {
    name: "component",
    include: ["test/component/**/*.test.ts"],
    // A browser on a busy machine may miss a moment once; a fault misses it twice.
    retry: 1,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      viewport: { width: 1680, height: 1050 },
      provider: playwright({
        launchOptions: {
          executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
          args: ["--no-sandbox", "--disable-gpu"],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});
