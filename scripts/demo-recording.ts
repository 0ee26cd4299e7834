// Records what `npm run demo` shows of a first sync as docs/sync.svg: real output of the real program, nothing drawn by hand.
import { writeFileSync } from "node:fs";
import { setStage } from "./demo/stage.ts";
import { svgOf } from "./demo/svg.ts";

const stage = await setStage();
try {
  const args = ["sync", "--path", "clusters/dev"];
  const { output } = await stage.gitops(args, { capture: true, env: { FORCE_COLOR: "1" } });
  writeFileSync("docs/sync.svg", svgOf(`$ gitops ${args.join(" ")}\n${output}`));
  console.error("wrote docs/sync.svg");
} finally {
  await stage.close();
}
