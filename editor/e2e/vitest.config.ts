import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL(".", import.meta.url).pathname,
    // Pictures for the documentation are made by the same means, when asked for.
    include: process.env.MASAR_SHOTS ? ["screenshots.ts"] : ["**/*.test.ts"],
    environment: "node",
    testTimeout: 240_000,
    hookTimeout: 60_000,
    // One browser and one server at a time: the machine of CI is small.
    fileParallelism: false,
    // A browser on a busy machine may miss a pointer; what is wrong is wrong every time.
    retry: 2,
  },
});
