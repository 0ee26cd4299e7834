import { expect, test } from "vitest";
import { historyOf } from "./history.ts";
import { shrunk } from "./shrink.ts";
import { simulate } from "./simulate.ts";
import { tellHistory } from "./tell.ts";

/** Random histories through the real reconciler: commits, people, faults and crashes, judged request by request. */
const HISTORIES = 2000;
const AT_ONCE = 200;
const LIMIT_MS = 120_000;

test.each(Array.from({ length: HISTORIES / AT_ONCE }, (_, index) => index * AT_ONCE + 1))(
  `no law is broken in ${AT_ONCE} histories from seed %i on`,
  async (first) => {
    for (let seed = first; seed < first + AT_ONCE; seed += 1) {
      const history = historyOf(seed);
      const verdict = await simulate(history);
      if (verdict.violations.length > 0) expect.fail(tellHistory(...(await shrunk(history, verdict))));
    }
  },
  LIMIT_MS,
);

test("a seed is the same history each time, request by request", async () => {
  for (const seed of [3, 17, 29]) {
    const [once, again] = [await simulate(historyOf(seed)), await simulate(historyOf(seed))];
    expect(once.audit.length).toBeGreaterThan(0);
    expect(again.audit).toEqual(once.audit);
  }
});
