import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_BREAKER, makePlans, resolveClaims } from "../../src/plan/index.ts";
import { declareAs } from "../plan/objects.ts";
import { applied, begin, configMap, inventory, patched, type Stage } from "./scripted.ts";

const declared = declareAs("shop/cart", configMap("cart", { a: "1", b: "1" }));

/** What a plan does about the object as it is known. */
async function planned(s: Stage): Promise<string> {
  const { live } = await inventory(s);
  const at = { path: "cart.yaml" };
  const claimants = [
    { service: "shop/cart", at, desired: { kind: "known" as const, declared: [declared] } },
    { service: "shop/web", at, desired: { kind: "known" as const, declared: [] } },
  ];
  const plans = makePlans({
    scope: "test",
    services: [{ service: "shop/cart", at, prune: true }],
    claims: resolveClaims({ scope: "test", claimants, live, complete: true }),
    live,
    known: ["shop/cart", "shop/web"],
    complete: true,
    unlisted: new Set(),
    settled: new Map(),
    breaker: DEFAULT_BREAKER,
  });
  const [plan] = plans;
  return [...(plan?.steps ?? []), ...(plan?.failures ?? [])]
    .map((one) => ("action" in one ? one.action : one.code))
    .join();
}

const value = fc.option(fc.constantFrom("1", "2", "shop_cart", "shop_web", "test", "disabled"));
const some = (...keys: readonly string[]) => fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 2 });
const OURS = "gitops.bulkhead.dev";

test("whatever somebody writes into an object: when a plan comes out differently for it, there was a hint", async () => {
  const seen = { changed: 0, unchanged: 0 };
  await fc.assert(
    fc.asyncProperty(
      some("a", "b", "theirs"),
      some(`${OURS}/service`, `${OURS}/scope`, "theirs"),
      some(`${OURS}/applied`, `${OURS}/service-id`, `${OURS}/prune`, "theirs"),
      async (data, labels, annotations) => {
        const s = await begin();
        await applied(s.live.cluster, "shop/cart", configMap("cart", { a: "1", b: "1" }));
        await s.clock.advance(1_000);
        expect([await planned(s), s.hints]).toEqual(["unchanged", []]);
        await patched(s.real(), "cart", { data, metadata: { labels, annotations } });
        await s.clock.advance(1_000);
        const changed = (await planned(s)) !== "unchanged";
        seen[changed ? "changed" : "unchanged"] += 1;
        if (changed) expect(s.hints.flat().map(({ service }) => service)).toContain("shop_cart");
        await s.live.close();
      },
    ),
    { numRuns: 60 },
  );
  expect(Math.min(seen.changed, seen.unchanged)).toBeGreaterThan(5); // both happen, or nothing was shown
}, 120_000);
