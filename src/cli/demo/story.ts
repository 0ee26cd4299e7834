import { isObject, type Result } from "../../model/index.ts";
import type { Stage } from "./stage.ts";

/** One scene: what happens, and what the program then does about it. */
export interface Scene {
  readonly title: string;
  /** What people do, each told in a line before it is done. */
  readonly deeds: readonly Deed[];
  readonly steps: readonly Step[];
}

interface Deed {
  readonly says: string;
  act(stage: Stage, signal: AbortSignal): Promise<Result<unknown>>;
}

/** One call of the program, how it must end, and what must be true in the cluster then. */
export interface Step {
  readonly args: readonly string[];
  readonly why: string;
  readonly exit: number;
  readonly facts: readonly Fact[];
}

/** Something that is so, asked of the API server and not of the program. `writes` counts those since the step began. */
export interface Fact {
  readonly says: string;
  holds(stage: Stage, writes: number, signal: AbortSignal): Promise<boolean>;
}

/** The demo, in order. Each scene begins where the one before it ended. */
export function story(): readonly Scene[] {
  return [first(), repaired(), drifted(), mistaken(), takenBack(), retired()];
}

function first(): Scene {
  return {
    title: "A monorepo of seven services, with three files that are broken on purpose, and an empty cluster.",
    deeds: [],
    steps: [
      { args: ["services"], why: "which services there are, and why each is one", exit: 0, facts: [wrote(0)] },
      {
        args: ["sync"],
        why: "what can be applied is applied; what cannot says what, where, why and what to do",
        exit: 1,
        facts: [
          there("Deployment", "payments", "checkout-web"),
          there("Deployment", "lending", "quotes-web"),
          gone("ConfigMap", "lending", "quotes-rates"),
        ],
      },
      {
        args: ["sync"],
        why: "again: nothing is built, nothing is written, and what is broken still says so",
        exit: 1,
        facts: [wrote(0)],
      },
    ],
  };
}

function repaired(): Scene {
  const scoring = "dev/releases/lending/scoring";
  const ledger = "dev/releases/payments/ledger/kustomization.yaml";
  return {
    title: "A commit brings a new image for ledger and mends what was broken.",
    deeds: [
      commit("ledger 2.4.0; mend receipts, notices and scoring", (stage) => ({
        [ledger]: stage.file(ledger).replace("2.3.1", "2.4.0"),
        [`${scoring}/rates.yaml`]: undefined,
        [`${scoring}/kustomization.yaml`]: stage.file(`${scoring}/kustomization.yaml`).replace("  - rates.yaml\n", ""),
        "dev/releases/payments/receipts/configmap.yaml": configMap("receipts"),
        "dev/releases/lending/notices/kustomization.yaml": "resources:\n  - notices.yaml\n",
        "dev/releases/lending/notices/notices.yaml": configMap("notices"),
      })),
    ],
    steps: [
      {
        args: ["diff", "--service", "payments/ledger"],
        why: "what a sync would change in ledger",
        exit: 1,
        facts: [image("2.3.1"), wrote(0)],
      },
      {
        args: ["sync"],
        why: "four services are written, the other three are left alone; what diff has built is not built again",
        exit: 0,
        facts: [
          image("2.4.0"),
          there("ConfigMap", "lending", "quotes-rates"),
          there("ConfigMap", "lending", "notices"),
          there("ConfigMap", "payments", "receipts"),
        ],
      },
    ],
  };
}

function drifted(): Scene {
  return {
    title: "Somebody changes the cluster by hand.",
    deeds: [
      {
        says: "kubectl -n payments scale deployment checkout-web --replicas=7",
        act: (stage, signal) => stage.edit("Deployment", "payments", "checkout-web", { spec: { replicas: 7 } }, signal),
      },
      {
        says: "kubectl -n payments delete service ledger-web",
        act: (stage, signal) => stage.remove("Service", "payments", "ledger-web", signal),
      },
    ],
    steps: [
      {
        args: ["sync"],
        why: "both are as git says again, in two writes",
        exit: 0,
        facts: [replicas(2), there("Service", "payments", "ledger-web"), wrote(2)],
      },
    ],
  };
}

const TAKEN = ["payments/checkout", "payments/ledger", "lending/quotes", "lending/scoring"].map(
  (name) => `clusters/dev/${name}.yaml`,
);

function mistaken(): Scene {
  return {
    title: "A commit takes most of the services away, by mistake perhaps.",
    deeds: [commit("clean up", () => Object.fromEntries(TAKEN.map((path) => [path, undefined])))],
    steps: [
      {
        args: ["sync"],
        why: "too much would go at once, so the deletes are held until somebody confirms them",
        exit: 3,
        facts: [there("Deployment", "payments", "checkout-web"), wrote(0)],
      },
    ],
  };
}

function takenBack(): Scene {
  return {
    title: "The mistake is taken back.",
    deeds: [commit('revert "clean up"', (stage) => Object.fromEntries(TAKEN.map((path) => [path, stage.file(path)])))],
    steps: [{ args: ["sync"], why: "nothing had happened, so there is nothing to do", exit: 0, facts: [wrote(0)] }],
  };
}

function retired(): Scene {
  return {
    title: "One service is really retired.",
    deeds: [commit("retire notices", () => ({ "clusters/dev/lending/notices.yaml": undefined }))],
    steps: [
      {
        args: ["sync"],
        why: "its object goes, and nothing else",
        exit: 0,
        facts: [gone("ConfigMap", "lending", "notices"), there("ConfigMap", "payments", "receipts"), wrote(1)],
      },
    ],
  };
}

function commit(message: string, files: (stage: Stage) => Readonly<Record<string, string | undefined>>): Deed {
  return {
    says: `git commit -m ${JSON.stringify(message)} && git push`,
    act: (stage, signal) => stage.repository.commit(files(stage), message, signal),
  };
}

function configMap(name: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  GREETING: hello\n`;
}

function there(kind: string, namespace: string, name: string): Fact {
  return {
    says: `${kind} ${namespace}/${name} is there`,
    holds: async (stage, _, signal) => (await stage.object(kind, namespace, name, signal)) !== undefined,
  };
}

function gone(kind: string, namespace: string, name: string): Fact {
  return {
    says: `${kind} ${namespace}/${name} is not there`,
    holds: async (stage, _, signal) => (await stage.object(kind, namespace, name, signal)) === undefined,
  };
}

function wrote(count: number): Fact {
  return {
    says:
      count === 0
        ? "the API server was sent no write of objects"
        : `the API server was sent ${count === 1 ? "one write" : `${count} writes`} of objects`,
    holds: (_, writes) => Promise.resolve(writes === count),
  };
}

function image(version: string): Fact {
  const wanted = `registry.example.org/ledger:${version}`;
  return {
    says: `ledger runs ${wanted}`,
    async holds(stage, _, signal) {
      const live = await stage.object("Deployment", "payments", "ledger-web", signal);
      return live !== undefined && JSON.stringify(live["spec"]).includes(JSON.stringify(wanted));
    },
  };
}

function replicas(count: number): Fact {
  return {
    says: `checkout has ${count} replicas`,
    async holds(stage, _, signal) {
      const spec = (await stage.object("Deployment", "payments", "checkout-web", signal))?.["spec"];
      return isObject(spec) && spec["replicas"] === count;
    },
  };
}
