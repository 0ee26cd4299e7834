import { expect, test } from "vitest";
import type { Cluster } from "../../src/cluster/index.ts";
import { passScene } from "./pass-scene.ts";

const GROUP = "lab.example.org";
const DEFINITION = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.${GROUP}}
spec:
  group: ${GROUP}
  scope: Namespaced
  names: {kind: Lamp, plural: lamps}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`;
const LAMP = `apiVersion: ${GROUP}/v1\nkind: Lamp\nmetadata: {name: a, labels: {by: BY}}\n`;

const kinds = {
  "kinds/kustomization.yaml": "resources: [lamps.yaml]\n",
  "kinds/lamps.yaml": DEFINITION,
};
const owner = (service: string) => ({
  [`${service}/kustomization.yaml`]: "resources: [lamp.yaml]\n",
  [`${service}/lamp.yaml`]: LAMP.replace("BY", service),
});

/** Discovery in which a group does not answer while `silent` is set. */
function scene() {
  const group = { silent: false };
  const deaf = (cluster: Cluster): Cluster => ({
    ...cluster,
    async kinds(signal) {
      const answer = await cluster.kinds(signal);
      if (!answer.ok || !group.silent) return answer;
      const heard = answer.value.kinds.filter((kind) => kind.group !== GROUP);
      return { ok: true, value: { kinds: heard, failedGroups: [GROUP] } };
    },
  });
  const { begin, commit, clock, cluster } = passScene({}, deaf);
  const passed = async (files: Readonly<Record<string, string>>) => {
    commit(files);
    const begun = begin();
    await clock.advance(0);
    const outcome = begun.outcome();
    if (outcome === undefined) throw new Error("the pass goes on");
    return new Map(outcome.services.map((one) => [one.service, one]));
  };
  const by = async (): Promise<unknown> => {
    const lamps = { group: GROUP, version: "v1", versions: ["v1"], kind: "Lamp", resource: "lamps" };
    const kind = { ...lamps, namespaced: true, verbs: ["get"] };
    const answer = await cluster.get(kind, "default", "a", new AbortController().signal);
    return answer.ok ? (answer.value?.metadata["labels"] as Record<string, string>)?.["by"] : answer;
  };
  return { group, passed, by };
}

test("a kind that the revision defines is not new because its group does not answer: nobody's object is taken blindly", async () => {
  const { group, passed, by } = scene();
  expect((await passed({ ...kinds, ...owner("one") })).get("one")?.state).toBe("synced");
  group.silent = true;
  const blind = await passed({ ...kinds, ...owner("one"), ...owner("another") });
  for (const service of ["one", "another"])
    expect(blind.get(service)?.failures.map(({ code }) => code)).toEqual(["cluster/discovery-failed"]);
  expect(blind.get("kinds")?.state).toBe("unchanged");
  expect(await by()).toBe("one");
  group.silent = false;
  const seeing = await passed({ ...kinds, ...owner("one"), ...owner("another") });
  expect(seeing.get("one")?.state).toBe("unchanged");
  expect(seeing.get("another")?.failures.map(({ code }) => code)).toEqual(["plan/duplicate-definition"]);
});
