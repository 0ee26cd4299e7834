import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { runInThisContext } from "node:vm";
import { build } from "esbuild";
import type { Guard } from "./guard.ts";
import type { Program } from "./simulate.ts";

/** Modules that a pass never gets to: they are for real clusters and real git. */
const FOREIGN = ["undici", "@kubernetes/client-node", "simple-git"];

const PROGRAM = `
export { newMemory, runPass } from "./src/reconcile/index.ts";
export { openLive } from "./src/live/index.ts";
export { askedRequest } from "./src/cli/keeping.ts";
export { confirm, readStanding, resume, suspend, writeStatus } from "./src/status/index.ts";
`;

const PARTS = [
  "runPass",
  "newMemory",
  "openLive",
  "askedRequest",
  "confirm",
  "readStanding",
  "resume",
  "suspend",
  "writeStatus",
] as const satisfies readonly (keyof Program)[];

/** The reconciler, built from the source with one guard taken out. Throws when the guard is not there exactly once. */
export async function withoutGuard({ name, file, text, without }: Guard): Promise<Program> {
  const path = resolve(file);
  const source = readFileSync(path, "utf8");
  const times = source.split(text).length - 1;
  if (times !== 1) throw new Error(`guard "${name}" is ${times} times in ${file}, not once: ${text}`);
  const built = await build({
    stdin: { contents: PROGRAM, resolveDir: resolve("."), loader: "ts" },
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: FOREIGN,
    logLevel: "silent",
    plugins: [
      {
        name: "guard",
        setup: (bundle) =>
          bundle.onLoad({ filter: /\.ts$/ }, (loaded) =>
            loaded.path === path ? { contents: source.replace(text, () => without), loader: "ts" } : undefined,
          ),
      },
    ],
  });
  const code = built.outputFiles[0]?.text ?? "";
  const module: { exports: Partial<Program> } = { exports: {} };
  const run = runInThisContext(`(function (module, exports, require) {${code}\n})`) as (
    ...parts: readonly unknown[]
  ) => void;
  run(module, module.exports, createRequire(resolve("package.json")));
  const lacks = PARTS.filter((part) => module.exports[part] === undefined);
  if (lacks.length > 0) throw new Error(`the bundle lacks ${lacks.join(", ")}`);
  return module.exports as Program;
}
