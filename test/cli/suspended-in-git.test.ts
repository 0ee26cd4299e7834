import { describe, expect, test } from "vitest";
import { askedRequest } from "../../src/cli/keeping.ts";
import type { Settings } from "../../src/cli/settings.ts";
import type { World } from "../../src/cli/world.ts";
import type { Cluster } from "../../src/cluster/index.ts";
import type { PassOutcome } from "../../src/model/index.ts";
import type { PassRequest } from "../../src/reconcile/index.ts";
import { readStanding, resume, suspend, writeStatus } from "../../src/status/index.ts";
import { CONFIG_MAP } from "../../src/status/place.ts";
import { passScene } from "../reconcile/pass-scene.ts";
import { value } from "../status/scene.ts";

const PLACE = { namespace: "gitops-system", scope: "test" };
const signal = new AbortController().signal;
const CART = {
  "shop/cart/kustomization.yaml": "resources: [a.yaml]\n",
  "shop/cart/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
};
const TILL = {
  "shop/till/kustomization.yaml": "resources: [b.yaml]\n",
  "shop/till/b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
};
const settings = (text: string) => ({ "shop/cart/gitops.yaml": text });

/** Passes with what is kept between them, as a `gitops sync` each. */
function kept() {
  const lists = { fail: false };
  const groups = { fail: false };
  const deaf = (cluster: Cluster): Cluster => ({
    ...cluster,
    async kinds(stop) {
      const answer = await cluster.kinds(stop);
      if (!answer.ok || !groups.fail) return answer;
      const kinds = answer.value.kinds.filter(({ group }) => group !== "");
      return { ok: true, value: { ...answer.value, kinds, failedGroups: [""] } };
    },
    list: async (kind, options, stop) =>
      lists.fail && kind.kind === "ConfigMap"
        ? { ok: false, problem: { kind: "status", status: 500, message: "no", causes: [], ambiguous: false } }
        : await cluster.list(kind, options, stop),
  });
  const scene = passScene({}, deaf);
  const { clock, cluster } = scene;
  const about = {
    cluster,
    settings: { cluster: { kind: "kubeconfig" }, statusNamespace: PLACE.namespace, scope: PLACE.scope } as Settings,
    world: { clock } as unknown as World,
  };
  return {
    lists,
    groups,
    suspend: async () => {
      const at = new Date(clock.nowMs()).toISOString();
      value(
        await suspend(cluster, clock, PLACE, [{ glob: "shop/cart", reason: "incident", author: "Ada", at }], signal),
      );
    },
    /** Somebody writes over what is kept of services. */
    damage: async () => {
      const all = await cluster.list(CONFIG_MAP, { namespace: PLACE.namespace }, signal);
      if (!all.ok) throw new Error(all.problem.message);
      const groups = all.value.items.filter(({ ref }) => ref.name.startsWith("gitops-status-"));
      expect(groups.length).toBeGreaterThan(0);
      for (const { ref } of groups) {
        const torn = { data: { services: '{"version":1,"serv' } };
        const patched = await cluster.patch(
          CONFIG_MAP,
          ref.namespace,
          ref.name,
          "application/merge-patch+json",
          torn,
          signal,
        );
        expect(patched.ok).toBe(true);
      }
    },
    resume: async () => void value(await resume(cluster, clock, PLACE, ["shop/cart"], signal)),
    /** The state of shop/cart after a pass over these files, and what was deleted or held; `by` confirmed it all. */
    passed: async (files: Readonly<Record<string, string>>, by?: string): Promise<string> => {
      const { suspended, leftSuspended } = value(await askedRequest(about, {} as PassRequest, signal));
      scene.commit({ ...TILL, ...files });
      const begun = scene.begin({
        ...(suspended === undefined ? {} : { suspended }),
        ...(leftSuspended === undefined ? {} : { leftSuspended }),
        ...(by === undefined ? {} : { confirmed: () => ({ by, at: new Date(0).toISOString(), how: "command" }) }),
      });
      await clock.advance(0);
      const outcome = begun.outcome();
      if (outcome === undefined) throw new Error("the pass goes on");
      const standing = value(await readStanding(cluster, PLACE, clock.nowMs(), signal));
      value(await writeStatus(cluster, clock, standing, outcome, { some: false, heartbeatMs: 1 }, signal));
      return told(outcome);
    },
  };
}

function told({ services }: PassOutcome): string {
  const cart = services.find(({ service }) => service === "shop/cart");
  const going = services.flatMap(({ steps }) => steps.filter(({ action }) => action === "delete" || action === "held"));
  return [cart?.state ?? "nothing", ...going.map(({ ref, action, why }) => `${action} ${ref.name}: ${why}`)].join(" ");
}

const HELD = "held held a: its service left git while it was suspended there";

describe("a service that git suspended keeps what it owns when it leaves git, until somebody confirms", () => {
  test("though people had suspended it, too, and resumed it", async () => {
    const { passed, suspend, resume } = kept();
    await passed(CART);
    await suspend();
    expect(await passed({ ...CART, ...settings("suspend: true\n") })).toBe("suspended");
    expect(await passed({})).toBe("suspended");
    await resume();
    expect(await passed({})).toBe(HELD);
  });

  test("though it could not be read any more before it left", async () => {
    const { passed } = kept();
    await passed(CART);
    await passed({ ...CART, ...settings("suspend: true\n") });
    expect(await passed({ ...CART, ...settings("suspend: true\ndrift: sometimes\n") })).toBe("failed");
    expect(await passed({})).toBe(HELD);
  });

  test("though somebody damaged what was kept of it, which is written anew then", async () => {
    const { passed, damage } = kept();
    await passed(CART);
    await passed({ ...CART, ...settings("suspend: true\n") });
    await damage();
    const unknown = "held held a: its service left git, and whether it was suspended there cannot be read";
    expect(await passed({})).toBe(unknown);
    expect(await passed({})).toBe(HELD);
  });

  test("though all was confirmed while a definition that may have been its own could not be read", async () => {
    const { passed } = kept();
    await passed(CART);
    await passed({ ...CART, ...settings("suspend: true\n") });
    const unreadable = {
      "flux/cart.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec: [\n",
    };
    expect(await passed(unreadable, "Ada")).toBe("suspended");
    expect(await passed({})).toBe(HELD);
    expect(await passed({}, "Ada")).toBe("synced delete a: no longer in git");
  });

  test("though for a while nobody could see what it owns", async () => {
    const { passed, lists } = kept();
    await passed(CART);
    await passed({ ...CART, ...settings("suspend: true\n") });
    lists.fail = true;
    expect(await passed({})).toBe("nothing");
    lists.fail = false;
    expect(await passed({})).toBe(HELD);
  });

  test("though for a while its API group did not answer", async () => {
    const { passed, groups } = kept();
    await passed(CART);
    await passed({ ...CART, ...settings("suspend: true\n") });
    groups.fail = true;
    expect(await passed({})).toBe("nothing");
    groups.fail = false;
    expect(await passed({})).toBe(HELD);
  });
});

describe("nothing is kept for", () => {
  test("what only people suspended, once they resume it", async () => {
    const { passed, suspend, resume } = kept();
    await passed(CART);
    await suspend();
    expect(await passed({})).toBe("suspended");
    await resume();
    expect(await passed({})).toBe("synced delete a: no longer in git");
  });

  test("what git did not suspend any more before it left", async () => {
    const { passed } = kept();
    await passed({ ...CART, ...settings("suspend: true\n") });
    expect(await passed(CART)).toBe("synced");
    expect(await passed({})).toBe("synced delete a: no longer in git");
  });
});
