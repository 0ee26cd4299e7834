import type { BuildLimits } from "../../src/kustomize/index.ts";

/** Limits as a pass sets them: far above what any good folder asks for. */
export const limits: BuildLimits = {
  fileBytes: 16 * 1024 * 1024,
  totalBytes: 64 * 1024 * 1024,
  objects: 10_000,
  files: 10_000,
  depth: 100,
};
