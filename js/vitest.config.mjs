import { defineConfig } from "vitest/config";

// patient: on a machine that is busy, a test of a second takes ten
export default defineConfig({
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/setup.mjs"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
