// Bundles the program into dist/gitops.cjs: one CommonJS file that runs on Node 20 and goes into the single executable.
// The build worker is bundled first and carried inside as text, so that threads need no second file;
// so are the files of the demo.
import { chmod, mkdir, readdir, readFile, rename, symlink, unlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
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

/**
 * Of client-node we load the reading of kubeconfigs, when a cluster is first needed. A dynamic import takes a module whole,
 * with a class for every kind of every API group (14 MB), so it is led to a module that passes on that one export.
 */
const narrowed = {
  name: "narrowed",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, ({ kind, namespace }) =>
      kind === "dynamic-import" && namespace === "file" ? { path: "client-node", namespace: "narrowed" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "narrowed" }, () => ({
      contents: 'export { KubeConfig } from "@kubernetes/client-node";',
      resolveDir: root,
    }));
  },
};

/** The text of the build worker, to be run with `new Worker(text, { eval: true })`. */
export async function workerSource() {
  const result = await build({ ...shared, entryPoints: ["src/builders/worker.ts"], write: false, minify: true });
  return result.outputFiles[0].text;
}

/** Writes the program as one file, with what differs from the usual. */
export async function bundleTo(outfile, options) {
  await mkdir(dirname(outfile), { recursive: true });
  const draft = `${outfile}.${process.pid}`;
  await build({
    ...shared,
    entryPoints: ["bin/gitops.ts"],
    outfile: draft,
    plugins: [narrowed],
    define: {
      GITOPS_WORKER_SOURCE: JSON.stringify(await workerSource()),
      GITOPS_DEMO_FILES: JSON.stringify(await textsBelow(join(root, "fixtures", "monorepo"))),
    },
    ...options,
  });
  await rename(draft, outfile); // whole or not at all: the file may be running
}

/** The files below a folder, path to text. */
async function textsBelow(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = paths.sort().map(async (path) => [relative(folder, path), await readFile(path, "utf8")]);
  return Object.fromEntries(await Promise.all(texts));
}

/** Writes dist/gitops.cjs. */
export async function bundle() {
  const outfile = join(root, "dist", "gitops.cjs");
  await bundleTo(outfile, { banner: { js: "#!/usr/bin/env node" }, minifyWhitespace: true, minifySyntax: true });
  await chmod(outfile, 0o755);
  await linkBin();
}

/** npm links no command of the package that it installs itself, so `npx gitops` would look elsewhere. */
async function linkBin() {
  const link = join(root, "node_modules", ".bin", "gitops");
  await mkdir(dirname(link), { recursive: true });
  await unlink(link).catch(() => undefined);
  await symlink(join("..", "..", "dist", "gitops.cjs"), link);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
