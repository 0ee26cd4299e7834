// Bundles the program into dist/gitops.cjs: one CommonJS file that runs on Node 20 and goes into the single executable.
// The build worker is bundled first and carried inside as text, so that threads need no second file.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

const shared = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  logLevel: "warning",
  absWorkingDir: root,
  loader: { ".html": "text" },
};

/** The text of the build worker, to be run with `new Worker(text, { eval: true })`. */
export async function workerSource() {
  const result = await build({ ...shared, entryPoints: ["src/builders/worker.ts"], write: false, minify: true });
  return result.outputFiles[0].text;
}

export async function bundle() {
  await mkdir(`${root}/dist`, { recursive: true });
  await build({
    ...shared,
    entryPoints: ["bin/gitops.ts"],
    outfile: "dist/gitops.cjs",
    banner: { js: "#!/usr/bin/env node" },
    define: { GITOPS_WORKER_SOURCE: JSON.stringify(await workerSource()) },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url) && existsSync(`${root}/bin/gitops.ts`)) await bundle();
