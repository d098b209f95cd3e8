import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** The whole studio as its user has it: the built command line serves, Chromium shows. */
export default defineConfig({
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    name: "e2e",
    include: ["test/e2e/**/*.test.ts"],
    environment: "node",
    // A browser on a busy machine may miss a moment once; a fault misses it twice.
    retry: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
