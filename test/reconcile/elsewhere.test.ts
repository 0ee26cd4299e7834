import { describe, expect, test } from "vitest";
import type { PassOutcome } from "../../src/model/index.ts";
import { elsewhere } from "../../src/reconcile/elsewhere.ts";
import type { PassState } from "../../src/reconcile/state.ts";
import { passOver, passScene } from "./pass-scene.ts";

type Files = Readonly<Record<string, string>>;

const folder = (path: string, name: string): Files => ({
  [`${path}/kustomization.yaml`]: "resources: [it.yaml]\n",
  [`${path}/it.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`,
});
const flux = (name: string, path: string): string =>
  `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ${name}, namespace: flux-system}\n` +
  `spec: {interval: 1m, prune: true, path: ./${path}, sourceRef: {kind: GitRepository, name: all}}\n---\n`;

/** `apps/cart delete cart: no longer in git`, of every step that is more than nothing. */
const told = ({ services }: PassOutcome): readonly string[] =>
  services.flatMap(({ service, steps }) =>
    steps.flatMap(({ action, ref, why }) =>
      action === "unchanged" ? [] : [`${service} ${action} ${ref.name}${why === "" ? "" : `: ${why}`}`],
    ),
  );

test("L3 a service whose folder became a submodule has not left git", () => {
  const submodule = { kind: "gitlink", id: "1".repeat(40), size: 0 };
  const tree = {
    entry: (path: string) =>
      path === "apps" ? { ...submodule, kind: "tree" } : path === "apps/cart" ? submodule : undefined,
  };
  const revision = { snapshot: { tree }, discovery: {} } as unknown as PassState["revision"];
  expect(elsewhere("apps/cart", { request: { path: "" }, revision })).toBe(
    "apps/cart, where it was defined, is a submodule now, and services are not looked for behind those",
  );
});

describe("a path that becomes narrower under one scope", () => {
  const files = { ...folder("apps/cart", "cart"), ...folder("apps/till", "till"), ...folder("tools/probe", "probe") };
  const HELD =
    "tools/probe held probe: tools/probe/kustomization.yaml, which it was defined in, is still in git, but not below apps";

  test("takes no folder out of git: what is outside of it is held, until somebody confirms", async () => {
    const scene = passScene();
    await passOver(scene, files, { path: "" });
    expect(told(await passOver(scene, files, { path: "apps" }))).toEqual([HELD]);
    expect(told(await passOver(scene, files, { path: "apps", mode: "diff" }))).toEqual([HELD]);
    const confirmed = () => ({ by: "Ada", at: "2026-01-01T00:00:00Z", how: "command" }) as const;
    expect(told(await passOver(scene, files, { path: "apps", confirmed }))).toEqual([
      "tools/probe delete probe: no longer in git",
    ]);
  });

  test("gives nobody what is outside of it, until somebody confirms", async () => {
    const scene = passScene();
    await passOver(scene, files, { path: "" });
    const taking = { ...files, ...folder("apps/till", "probe") };
    const outcome = await passOver(scene, taking, { path: "apps" });
    expect(outcome.services.find(({ service }) => service === "apps/till")?.failures).toMatchObject([
      {
        code: "plan/foreign-owner",
        message: expect.stringContaining("probe is owned by tools/probe and is not taken"),
      },
    ]);
    const confirmed = () => ({ by: "Ada", at: "2026-01-01T00:00:00Z", how: "command" }) as const;
    expect(told(await passOver(scene, taking, { path: "apps", confirmed }))).toContain(
      "apps/till transfer probe: moved from tools/probe",
    );
  });

  test("what was taken out of git as well goes", async () => {
    const scene = passScene();
    await passOver(scene, files, { path: "" });
    const left = { ...folder("apps/cart", "cart"), ...folder("apps/till", "till") };
    expect(told(await passOver(scene, left, { path: "apps" }))).toEqual(["tools/probe delete probe: no longer in git"]);
  });

  const definitions = {
    "clusters/dev/cart.yaml": flux("cart", "rel/cart"),
    "clusters/dev/tools/probe.yaml": flux("probe", "rel/probe"),
    ...folder("rel/cart", "cart"),
    ...folder("rel/probe", "probe"),
  };

  test("of a Flux Kustomization the record says where it was defined", async () => {
    const scene = passScene();
    const whole = await passOver(scene, definitions, { path: "clusters/dev" });
    const places = new Map(whole.services.map(({ service, at }) => [service, at?.path]));
    const definedAt = (service: string) => places.get(service);
    const narrow = { path: "clusters/dev/tools", definedAt };
    expect(told(await passOver(scene, definitions, narrow))).toEqual([
      "flux-system/cart held cart: clusters/dev/cart.yaml, which it was defined in, is still in git, but not below clusters/dev/tools",
    ]);
  });

  test("a definition around the path that was looked through says that it is gone", async () => {
    const scene = passScene();
    const parent = {
      "clusters/dev/tools/parent.yaml": flux("parent", "clusters/dev"),
      "clusters/dev/tools/probe.yaml": flux("probe", "rel/probe"),
      "clusters/dev/all.yaml": flux("cart", "rel/cart") + flux("till", "rel/till"),
      ...folder("rel/cart", "cart"),
      ...folder("rel/till", "till"),
      ...folder("rel/probe", "probe"),
    };
    const request = { path: "clusters/dev/tools", definedAt: () => "clusters/dev/all.yaml" };
    await passOver(scene, parent, request);
    const without = { ...parent, "clusters/dev/all.yaml": flux("cart", "rel/cart") };
    expect(told(await passOver(scene, without, request))).toEqual(["flux-system/till delete till: no longer in git"]);
  });
});
