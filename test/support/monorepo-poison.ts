import type { FailureCode } from "../../src/model/index.ts";
import type { Changes } from "./git-server-repository.ts";
import { configMap, deployment, fluxDocument, KUSTOMIZATION, type MonorepoService } from "./monorepo.ts";

/** One way to break a service, and how it must fail. */
export interface Poison {
  readonly name: string;
  /** Any one of these is a right answer. */
  readonly codes: readonly FailureCode[];
  /**
   * `any`: breaks a first sync as well as a later one. `later`: shows only on top of what was applied before: on a first
   * sync it is no fault, or another one.
   */
  readonly when: "any" | "later";
  /** Whom it fails: the victim, or the neighbour too, because both are at fault. Nobody else, ever. */
  readonly fails: "victim" | "both";
  /** The files that break it. Victim and neighbour are two services of one namespace. */
  files(victim: MonorepoService, neighbour: MonorepoService): Changes;
}

export const poisons: readonly Poison[] = [
  inFolder("duplicate-in-folder", ["build/duplicate-object"], (victim) => ({
    "kustomization.yaml": resources("configmap.yaml", "again.yaml"),
    "again.yaml": configMap(victim.name, "2.0.0"),
  })),
  {
    name: "duplicate-across-services",
    codes: ["plan/duplicate-definition"],
    when: "any",
    fails: "both",
    files: (victim, neighbour) => ({
      [`${victim.folder}/kustomization.yaml`]: resources("configmap.yaml", "shared.yaml"),
      [`${victim.folder}/shared.yaml`]: configMap(`shared-${victim.name}`, "1.0.0"),
      [`${neighbour.folder}/kustomization.yaml`]: resources("configmap.yaml", "shared.yaml"),
      [`${neighbour.folder}/shared.yaml`]: configMap(`shared-${victim.name}`, "1.0.0"),
    }),
  },
  {
    name: "duplicate-of-a-live-owners-object",
    codes: ["plan/duplicate-definition", "plan/foreign-owner"],
    when: "later",
    fails: "victim",
    files: (victim, neighbour) => ({
      [`${victim.folder}/kustomization.yaml`]: resources("configmap.yaml", "taken.yaml"),
      [`${victim.folder}/taken.yaml`]: configMap(neighbour.name, "6.6.6"),
    }),
  },
  inFolder("malformed-yaml", ["build/malformed-yaml"], () => ({
    "configmap.yaml": "apiVersion: v1\nkind: [ConfigMap\n",
  })),
  inFolder("duplicate-key", ["build/duplicate-key", "build/malformed-yaml"], (victim) => ({
    "configmap.yaml": `${configMap(victim.name, "1.0.0")}  LOG_LEVEL: debug\n`,
  })),
  inFolder("missing-file", ["build/missing-resource"], () => ({ "configmap.yaml": null })),
  inFolder("unknown-kustomization-field", ["build/unknown-field"], () => ({
    "kustomization.yaml": `${resources("configmap.yaml")}resourcez:\n  - service.yaml\n`,
  })),
  inFolder("ambiguous-kustomization", ["build/ambiguous-kustomization"], () => ({
    "kustomization.yml": resources("configmap.yaml"),
  })),
  inFolder("kind-missing", ["build/invalid-object"], (victim) => ({
    "configmap.yaml": `apiVersion: v1\nmetadata:\n  name: ${victim.name}\n`,
  })),
  inFolder("remote-base", ["build/unsupported-remote"], () => ({
    "kustomization.yaml": resources("https://git.example.org/base?ref=v1"),
  })),
  inFolder("helm-chart", ["build/unsupported-helm", "build/unsupported-field"], () => ({
    "kustomization.yaml": `${KUSTOMIZATION}helmCharts:\n  - name: redis\n    repo: https://charts.example.org\n`,
  })),
  inFolder("yaml-bomb", ["build/malformed-yaml", "build/too-large"], (victim) => ({
    "configmap.yaml": yamlBomb(victim.name),
  })),
  inFolder("nested-too-deep", ["build/malformed-yaml", "build/too-large"], (victim) => ({
    "configmap.yaml": `${configMap(victim.name, "1.0.0")}  DEEP: ${"[".repeat(200_000)}${"]".repeat(200_000)}\n`,
  })),
  inFolder("include-cycle", ["build/cycle"], () => ({
    "kustomization.yaml": resources("base"),
    "base/kustomization.yaml": resources("../overlay"),
    "overlay/kustomization.yaml": resources("../base"),
  })),
  inFolder("never-ending-build", ["build/deadline", "build/too-large", "build/out-of-memory"], () => neverEnding()),
  inFolder("heap-bomb", ["build/out-of-memory", "build/too-large", "build/deadline"], (victim) => ({
    "configmap.yaml": heapBomb(victim.name),
  })),
  inFolder("catastrophic-selector", ["build/deadline", "build/invalid-selector"], (victim) =>
    catastrophicSelector(victim.name),
  ),
  inFolder("huge-file", ["build/too-large"], (victim) => ({
    "configmap.yaml": Buffer.concat([
      Buffer.from(configMap(victim.name, "1.0.0")),
      Buffer.alloc(64 << 20, "# 64 MiB\n"),
    ]),
  })),
  inFolder("symlink-out-of-the-tree", ["build/symlink-outside-repository"], () => ({
    "configmap.yaml": { symlink: "../../../../../../../../../etc/hostname" },
  })),
  inFolder("path-out-of-the-tree", ["build/path-outside-repository"], () => ({
    "kustomization.yaml": resources("../../../../../elsewhere"),
  })),
  inFolder("gitlink", ["build/gitlink"], () => ({
    "kustomization.yaml": resources("vendored"),
    vendored: { gitlink: "1234567890123456789012345678901234567890" },
  })),
  inFolder("invalid-object", ["apply/invalid"], (victim) => ({
    "deployment.yaml": deployment(victim.name, "1.0.0").replace(/(labels:\n\s+app: ).*/, "$1another"),
  })),
  inFolder("missing-crd", ["apply/unknown-kind", "plan/unknown-kind"], (victim) => ({
    "configmap.yaml": `apiVersion: nowhere.example.org/v1\nkind: Mystery\nmetadata:\n  name: ${victim.name}\n`,
  })),
  {
    ...inFolder("immutable-field", ["apply/immutable"], (victim) => ({
      "deployment.yaml": deployment(victim.name, "1.0.0").replaceAll(
        `app: ${victim.name}\n`,
        `app: ${victim.name}-v2\n`,
      ),
    })),
    when: "later",
  },
  ofDocument("missing-namespace", ["apply/missing-namespace", "plan/missing-namespace"], (victim) =>
    fluxDocument(victim, { targetNamespace: `nowhere-${victim.name}` }),
  ),
  ofDocument("folder-missing", ["service/folder-not-found"], (victim) =>
    fluxDocument(victim, { path: `./${victim.folder}/gone` }),
  ),
  ofDocument("folder-out-of-the-tree", ["service/path-outside-repository"], (victim) =>
    fluxDocument(victim, { path: "../../elsewhere" }),
  ),
  ofDocument("interval-invalid", ["service/invalid-field"], (victim) =>
    fluxDocument(victim).replace("interval: 5m", "interval: 9e99 years"),
  ),
  ofDocument("field-unsupported", ["service/unsupported-field"], (victim) =>
    fluxDocument(victim, { more: "  kubeConfig:\n    secretRef:\n      name: elsewhere\n" }),
  ),
  ofDocument("source-unsupported", ["service/unsupported-source"], (victim) =>
    fluxDocument(victim).replace("kind: GitRepository", "kind: OCIRepository"),
  ),
  ofDocument(
    "two-documents-of-one-id",
    ["service/duplicate-id"],
    (victim) => `${fluxDocument(victim)}---\n${fluxDocument(victim, { path: "./elsewhere" })}`,
  ),
];

/** A poison that writes files of the victim's folder; names are relative to it. */
function inFolder(name: string, codes: readonly FailureCode[], files: (victim: MonorepoService) => Changes): Poison {
  return {
    name,
    codes,
    when: "any",
    fails: "victim",
    files: (victim) =>
      Object.fromEntries(Object.entries(files(victim)).map(([file, change]) => [`${victim.folder}/${file}`, change])),
  };
}

/** A poison in the Flux document. */
function ofDocument(name: string, codes: readonly FailureCode[], text: (victim: MonorepoService) => string): Poison {
  return { name, codes, when: "any", fails: "victim", files: (victim) => ({ [victim.document]: text(victim) }) };
}

function resources(...paths: readonly string[]): string {
  return `${KUSTOMIZATION}resources:\n${paths.map((path) => `  - ${path}\n`).join("")}`;
}

/** Aliases of aliases: some hundred bytes that say nine thousand million strings. */
function yamlBomb(name: string): string {
  const line = (index: number): string =>
    index === 0
      ? `  A0: &a0 [${Array(9).fill("lol").join(", ")}]\n`
      : `  A${index}: &a${index} [${Array(9)
          .fill(`*a${index - 1}`)
          .join(", ")}]\n`;
  return `${configMap(name, "1.0.0")}${Array.from({ length: 10 }, (_, index) => line(index)).join("")}`;
}

/** Thirty floors of overlays, each of which takes the floor below twice: 2^30 objects of different names. */
function neverEnding(): Changes {
  const floors = Array.from({ length: 30 }, (_, floor) => floor);
  const wing = (floor: number, side: string): readonly [string, string] => [
    `floor-${floor}/${side}/kustomization.yaml`,
    `${resources(`../../floor-${floor + 1}`)}namePrefix: ${side}-\n`,
  ];
  return {
    "kustomization.yaml": resources("floor-0"),
    ...Object.fromEntries(
      floors.flatMap((floor) => [
        [`floor-${floor}/kustomization.yaml`, resources("left", "right")],
        wing(floor, "left"),
        wing(floor, "right"),
      ]),
    ),
    "floor-30/kustomization.yaml": resources("configmap.yaml"),
    "floor-30/configmap.yaml": configMap("x", "1.0.0"),
  };
}

/** Legal YAML of nine megabytes that is three million maps: many times its size once it is parsed. */
function heapBomb(name: string): string {
  return `${configMap(name, "1.0.0")}  MAPS: [${"{},".repeat(3_000_000)}{}]\n`;
}

/** A pattern that backtracking engines need 2^n steps for; in a linear one it selects nothing and then is invalid: `(?=`. */
function catastrophicSelector(name: string): Changes {
  const long = `${"a".repeat(60)}-${name}`;
  return {
    "kustomization.yaml": `${resources("configmap.yaml")}patches:
  - target:
      kind: ConfigMap
      name: (a+)+(?=!)
    patch: |
      - op: add
        path: /data/PATCHED
        value: "yes"
`,
    "configmap.yaml": configMap(long, "1.0.0"),
  };
}
