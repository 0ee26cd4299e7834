// Records what `npm run demo` shows of a first sync as docs/sync.svg: real output of the real program, nothing drawn by hand.
import { writeFileSync } from "node:fs";
import { setStage } from "./demo/stage.ts";
import { svgOf } from "./demo/svg.ts";

const stage = await setStage();
try {
  const args = ["sync", "--path", "clusters/dev"];
  const { exit, output } = await stage.gitops(args, { capture: true, env: { FORCE_COLOR: "1" } });
  if (exit !== 1) throw new Error(`the sync of the example ended with ${exit}, not 1:\n${output}`);
  writeFileSync("docs/sync.svg", svgOf(`$ gitops ${args.join(" ")}\n${output}`));
  console.error("wrote docs/sync.svg");
} finally {
  await stage.close();
}
