import fc from "fast-check";
import { expect, test } from "vitest";
import type { WatchEvent } from "../../src/cluster/index.ts";
import { readInventory } from "../../src/live/index.ts";
import { applied, begin, configMap, deleted, inventory, MINUTE, patched, REFUSED } from "./scripted.ts";

/** What a watch may do with an event. */
const faults = ["drop", "twice", "late", "end", "gone", "break", "garbage", "old"] as const;
type Fault = (typeof faults)[number];

const arbitraryAct = fc.record({
  what: fc.constantFrom("put", "ours", "edit", "drop", "ask", "wait"),
  name: fc.constantFrom("cart", "web", "a", "b"),
  fault: fc.option(fc.constantFrom(...faults), { freq: 3 }),
});

/** A watch that treats each event as the next fault says. */
async function* troubled(truth: AsyncIterable<WatchEvent>, next: () => Fault | null): AsyncGenerator<WatchEvent> {
  const past: WatchEvent[] = [];
  const late: WatchEvent[] = [];
  for await (const event of truth) {
    const fault = next();
    switch (fault) {
      case "drop":
        break;
      case "twice":
        yield* [event, event];
        break;
      case "late":
        late.push(event);
        break;
      case "end":
      case "gone":
        return yield { type: "ended", gone: fault === "gone" };
      case "break":
        return yield { type: "ended", gone: false, problem: REFUSED };
      case "garbage":
        return yield { type: "ended", gone: false, problem: { ...REFUSED, kind: "decode" } };
      case "old":
        yield* [event, ...past.slice(0, 1)];
        break;
      case null:
        yield* [event, ...late.splice(0)];
    }
    past.push(event);
  }
  yield { type: "ended", gone: false };
}

test("D12 whatever watches do, what is known is what a list says, one interval later at the latest", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryAct, { minLength: 1, maxLength: 25 }), async (acts) => {
      const s = await begin();
      const pending: (Fault | null)[] = [];
      s.script.watch = (_kind, truth) => troubled(truth, () => pending.shift() ?? null);
      expect((await s.live.relist(s.signal)).ok).toBe(true);
      for (const { what, name, fault } of acts) {
        const there = (await s.names()).includes(name);
        if (fault !== null) pending.push(fault);
        if (what === "put") await applied(s.real(), "shop/cart", configMap(name));
        else if (what === "ours") await applied(s.live.cluster, "shop/cart", configMap(name));
        else if (what === "edit") await patched(s.real(), name, { data: { a: "theirs" } }).catch(() => undefined);
        else if (what === "drop") await deleted(there ? s.live.cluster : s.real(), name).catch(() => undefined);
        else if (what === "wait") await s.clock.advance(1_000);
        // What is answered is never less than what is asked for: a kind that is not known says so.
        expect((await inventory(s)).unlisted.size).toBe(0);
      }
      pending.splice(0);
      await s.clock.advance(12 * MINUTE);
      const [known, truth] = [await inventory(s), await readInventory(s.cluster, s.clock, s.signal)];
      expect(truth.ok && states(truth.value.live.values())).toEqual(states(known.live.values()));
      await s.live.close();
      expect(s.clock.sleepers()).toBe(0);
    }),
    { numRuns: 40 },
  );
}, 120_000);

function states(live: Iterable<{ readonly ref: { readonly name: string }; readonly resourceVersion: string }>) {
  return [...live].map(({ ref, resourceVersion }) => `${ref.name} ${resourceVersion}`).sort();
}
