import { expect, test } from "vitest";
import { historyOf } from "./history.ts";
import { AT_ONCE, firstSeeds, LIMIT_MS, playFrom } from "./play.ts";
import { simulate } from "./simulate.ts";

/** Random histories through the real reconciler: commits, people, faults and crashes, judged request by request. */
test.each(firstSeeds(1, 1000))(`no law is broken in ${AT_ONCE} histories from seed %i on`, playFrom, LIMIT_MS);

test("a seed is the same history each time, request by request", async () => {
  for (const seed of [3, 17, 29]) {
    const [once, again] = [await simulate(historyOf(seed)), await simulate(historyOf(seed))];
    expect(once.audit.length).toBeGreaterThan(0);
    expect(again.audit).toEqual(once.audit);
  }
});
