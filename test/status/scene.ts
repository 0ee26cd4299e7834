import { expect, onTestFinished } from "vitest";
import type { Cluster } from "../../src/cluster/index.ts";
import { createEmbedded } from "../../src/embedded/index.ts";
import type { Failure, PassOutcome, Result } from "../../src/model/index.ts";
import { readStanding, type Standing, writeStatus } from "../../src/status/index.ts";
import { MISSING, service, step } from "../report/examples.ts";
import { manualClock } from "../support/manual-clock.ts";

export const PLACE = { namespace: "gitops-system", scope: "clusters/dev" };
export const QUARTER = 15 * 60_000;
const COMMITS = ["1", "2", "3"].map((digit) => digit.repeat(40));
export const signal = new AbortController().signal;

/** An embedded cluster in which passes leave their status, on a clock that stands still. */
export function statusScene() {
  const clock = manualClock();
  const cluster = createEmbedded({ clock, controllers: "none" });
  onTestFinished(() => cluster.close());
  const read = async (from: Cluster = cluster): Promise<Standing> =>
    value(await readStanding(from, PLACE, clock.nowMs(), signal));
  return {
    clock,
    cluster,
    read,
    /** A pass that ends so, and what it left: names of objects, and how many Events. */
    passed: async (outcome: PassOutcome, about: { readonly some?: boolean } = {}): Promise<readonly string[]> => {
      const standing = await read();
      const options = { some: about.some === true, heartbeatMs: QUARTER };
      const written = value(await writeStatus(cluster, clock, standing, outcome, options, signal));
      expect(written.unsaid).toEqual([]);
      return [
        ...written.objects.map((name) => name.replace(/-[0-9a-f]{8}/, "")),
        ...Array<string>(written.events).fill("event"),
      ];
    },
    one: async (id: string) => (await read()).services().find((standing) => standing.service === id),
    objects: async () => answered(await cluster.list(CONFIG_MAP, { namespace: PLACE.namespace }, signal)),
  };
}

export function commitAt(index: number): string {
  return COMMITS[index] ?? "";
}

/** The revision of a pass. */
export function at(index: number): Pick<PassOutcome, "revision"> {
  return { revision: { ref: "main", commit: commitAt(index) } };
}

/** The same as status writes it. */
export function revisionAt(index: number): string {
  return `main@sha1:${commitAt(index)}`;
}

export const good = (id: string) => service(id, "unchanged", { steps: [step("unchanged", id)], built: false });
export const made = (id: string) => service(id, "synced", { steps: [step("create", id)] });
export const broken = (id: string, failure: Failure = MISSING) => service(id, "failed", { failures: [failure] });

export function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.failures));
  return result.value;
}

export function answered<T>(answer: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!answer.ok) throw new Error(JSON.stringify(answer));
  return answer.value;
}

export const CONFIG_MAP = {
  group: "",
  version: "v1",
  versions: ["v1"],
  kind: "ConfigMap",
  resource: "configmaps",
  namespaced: true,
  verbs: [],
};
export const EVENT = { ...CONFIG_MAP, kind: "Event", resource: "events" };
