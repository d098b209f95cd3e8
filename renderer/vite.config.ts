import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const at = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);

/** The window's bundle. Everything is a file of our own, so `default-src 'self'; style-src 'self'` holds. */
export default defineConfig({
  root: at("."),
  base: "./",
  plugins: [vue()],
  cacheDir: at("../.cache/vite"),
  // Found at once, so that a development server never swaps Vue under a running page.
  optimizeDeps: { include: ["vue", "pinia", "reka-ui", "uplot", "valibot"] },
  build: {
    outDir: at("../dist/renderer"),
    emptyOutDir: true,
    target: "chrome140",
    sourcemap: true,
    // A data: URL would need img-src data: in the policy, and the preload helper is not needed in Chromium.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
