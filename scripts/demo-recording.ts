// Records what `gitops demo` shows of a first sync as docs/sync.svg: real output of the real program, nothing drawn by hand.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { bundle } from "./bundle.mjs";
import { svgOf } from "./demo/svg.ts";

await bundle();
const env = { ...process.env, FORCE_COLOR: "1" };
const { status, stdout } = spawnSync("sh", ["-c", 'exec "$0" dist/gitops.cjs demo 2>&1', process.execPath], {
  env,
  encoding: "utf8",
});
if (status !== 0) throw new Error(`the demo ended with ${status}:\n${stdout}`);
const lines = stdout.split("\n");
const from = lines.findIndex((line) => line.includes("$ gitops sync"));
const to = lines.findIndex((line, index) => index > from && line.includes("✓"));
writeFileSync("docs/sync.svg", svgOf(lines.slice(from, to).join("\n")));
console.error("wrote docs/sync.svg");
