import { defineConfig } from "vitest/config";

const setupFiles = ["test/support/property-seed.ts"];

/**
 * Three lanes. `unit` needs nothing; `corpus` reads ../shared/corpus where it is present, and the reference kustomize and kstatus;
 * `cluster` runs against a real kube-apiserver that its global setup finds or builds.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          setupFiles,
          include: ["test/**/*.test.ts"],
          exclude: ["test/corpus/**", "test/e2e/**"],
          testTimeout: 90_000,
        },
      },
      { test: { name: "corpus", setupFiles, include: ["test/corpus/**/*.test.ts"], testTimeout: 600_000 } },
      {
        test: {
          name: "cluster",
          include: ["test/e2e/**/*.test.ts"],
          setupFiles,
          globalSetup: ["test/support/cluster-lane.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
