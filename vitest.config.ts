import { defineConfig } from "vitest/config";

/** Suites that need no browser; each is a project so that the runner can count them one by one. */
export default defineConfig({
  test: {
    projects: ["unit", "integration", "contract"].map((name) => ({
      test: {
        name,
        include: [`test/${name}/**/*.test.ts`],
        environment: "node",
        testTimeout: 30_000,
        hookTimeout: 30_000,
        // One stream at a time: the machine's two cores are not to be shared by real-time tests.
        fileParallelism: name === "unit",
      },
    })),
  },
});
