// Starts and ends a real Kubernetes control plane on this machine: `npm run cluster:up -- --dir DIR [--rollouts]`.
import { resolve } from "node:path";
import { Command } from "commander";
import { findBinaries } from "../test/cluster-lab/binaries.ts";
import { launch, shutDown } from "../test/cluster-lab/launch.ts";

const say = (line: string): void => console.error(line);
const cluster = new Command("cluster").description("a real kube-apiserver and etcd, as processes of this machine");

cluster
  .command("up")
  .description("starts one, returns when it is ready, writes DIR/kubeconfig and DIR/audit.log")
  .requiredOption("--dir <dir>", "the folder it keeps everything in")
  .option("--rollouts", "also a controller manager, a scheduler and a simulated node", false)
  .action(async ({ dir, rollouts }: { readonly dir: string; readonly rollouts: boolean }) => {
    const binaries = await findBinaries(rollouts, say);
    if (!binaries.found) {
      say(binaries.why);
      process.exitCode = 2;
      return;
    }
    const giveUp = (): void => void shutDown(resolve(dir)).finally(() => process.exit(130));
    process.once("SIGINT", giveUp).once("SIGTERM", giveUp);
    const lab = await launch(resolve(dir), binaries, rollouts);
    console.log(`${lab.url} is ready: export KUBECONFIG=${resolve(dir, "kubeconfig")}`);
  });

cluster
  .command("down")
  .description("ends the one that runs in DIR")
  .requiredOption("--dir <dir>", "the folder it was started in")
  .action(async ({ dir }: { readonly dir: string }) => {
    const ran = await shutDown(resolve(dir));
    console.log(ran ? "ended" : "nothing was running there");
  });

try {
  await cluster.parseAsync();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
