// `npm run demo`: a monorepo with some services broken on purpose, a cluster in this process, and the real program between them.
//   --keep   leave the cluster up afterwards, and say how to look around
import chalk from "chalk";
import { type Stage, setStage } from "./demo/stage.ts";

const keep = process.argv.includes("--keep");
const never = new AbortController().signal;

const stage = await setStage();
const failures: string[] = [];
try {
  await play(stage);
  if (keep) await stay(stage);
} finally {
  await stage.close();
}
if (failures.length > 0) {
  console.error(chalk.red(`\nthe demo did not go as it should:\n  ${failures.join("\n  ")}`));
  process.exitCode = 1;
}

async function play(stage: Stage): Promise<void> {
  const { repository, cluster } = stage;
  scene("A monorepo of seven services, with three files that are broken on purpose. An empty cluster.");
  await expectExit(0, ["services"], "the services, and why each is one");
  await expectExit(1, ["sync"], "the first sync: what can be applied is applied, what cannot says why");
  await expectExit(1, ["sync"], "once more: nothing is built, nothing is written, and what is broken still says so");

  scene("A commit: a new image for ledger, quotes' ConfigMap no longer claimed by scoring, and the other two mended.");
  const scoring = "dev/releases/lending/scoring";
  const ledger = "dev/releases/payments/ledger/kustomization.yaml";
  await repository.commit(
    {
      [ledger]: stage.file(ledger).replace("2.3.1", "2.4.0"),
      [`${scoring}/rates.yaml`]: null,
      [`${scoring}/kustomization.yaml`]: stage.file(`${scoring}/kustomization.yaml`).replace("  - rates.yaml\n", ""),
      "dev/releases/payments/receipts/configmap.yaml": configMap("receipts"),
      "dev/releases/lending/notices/kustomization.yaml": "resources:\n  - notices.yaml\n",
      "dev/releases/lending/notices/notices.yaml": configMap("notices"),
    },
    "ledger 2.4.0; mend what was broken",
  );
  await expectExit(1, ["diff", "--service", "payments/ledger"], "what it would change in ledger");
  await expectExit(0, ["sync"], "sync");

  scene("Somebody scales checkout by hand, and deletes ledger's Service.");
  const [deployments, services] = [await stage.kind("apps", "Deployment"), await stage.kind("", "Service")];
  await done(
    cluster
      .as({ user: "somebody" })
      .patch(deployments, "payments", "checkout-web", "application/merge-patch+json", { spec: { replicas: 7 } }, never),
  );
  const service = await cluster.metadata(services, "payments", "ledger-web", never);
  if (!service.ok || service.value === undefined) throw new Error("ledger has no Service");
  const { uid, resourceVersion } = service.value;
  await done(
    cluster
      .as({ user: "somebody" })
      .remove(services, "payments", "ledger-web", { uid, resourceVersion, propagation: "Background" }, never),
  );
  await expectExit(0, ["sync"], "sync: both are as git says again");

  scene("A commit takes most of the services away, by mistake perhaps.");
  const mistake = ["payments/checkout", "payments/ledger", "lending/quotes", "lending/scoring"];
  const before = (await repository.git("rev-parse", "main")).trim();
  await repository.commit(Object.fromEntries(mistake.map((name) => [`clusters/dev/${name}.yaml`, null])), "clean up");
  await expectExit(3, ["sync"], "sync: too much would go at once, so it is held");
  await repository.git("update-ref", "refs/heads/main", before);
  await expectExit(0, ["sync"], "the commit was taken back: nothing had happened");

  scene("One service is really retired.");
  await repository.commit({ "clusters/dev/lending/notices.yaml": null }, "notices is retired");
  await expectExit(0, ["sync"], "sync: its objects go, and nothing else");
}

function scene(text: string): void {
  console.error(`\n${chalk.bold.underline(text)}`);
}

/** Runs the program and notes when it did not end as it should: a demo that shows something else is broken. */
async function expectExit(exit: number, args: readonly string[], what: string): Promise<void> {
  console.error(`\n${chalk.cyan(`$ gitops ${args.join(" ")}`)}   ${chalk.dim(`# ${what}`)}`);
  const ended = await stage.gitops(args);
  console.error(chalk.dim(`exit ${ended.exit}`));
  if (ended.exit !== exit) failures.push(`gitops ${args.join(" ")} (${what}) ended with ${ended.exit}, not ${exit}`);
}

async function done(answer: Promise<{ readonly ok: boolean }>): Promise<void> {
  if (!(await answer).ok) throw new Error(`the cluster refused: ${JSON.stringify(await answer)}`);
}

function configMap(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  GREETING: hello\n`;
}

async function stay({ kubeconfig, repository, folder }: Stage): Promise<void> {
  console.error(`
${chalk.bold("The cluster stays up until Ctrl-C.")} Look around:
  kubectl --kubeconfig ${kubeconfig} get deployments,services,configmaps -A --show-labels
  git clone ${repository.path} ${folder}/clone      # commit, push, then:
  npx gitops sync --repo ${repository.path} --path clusters/dev --kubeconfig ${kubeconfig}`);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}
