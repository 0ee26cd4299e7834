import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";

const never = new AbortController().signal;
/** What a timer of Node takes at most; it fires at once for more. */
const TIMER_MS_MAX = 2 ** 31 - 1;

describe("the real clock", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("D17 a sleep longer than a timer takes does not end at once", async () => {
    const woken = vi.fn<() => void>();
    void systemClock()
      .sleep(3 * TIMER_MS_MAX + 10, never)
      .then(woken);
    await vi.advanceTimersByTimeAsync(3 * TIMER_MS_MAX);
    expect(woken).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(10);
    expect(woken).toHaveBeenCalledOnce();
  });

  test("D17 nor does a deadline", async () => {
    const deadline = systemClock().deadline(30 * TIMER_MS_MAX, never);
    await vi.advanceTimersByTimeAsync(TIMER_MS_MAX - 1);
    expect(deadline.expired()).toBe(false);
    deadline.release();
  });

  test("D15 a wall clock that is set back or forward ends no sleep and no deadline", async () => {
    const clock = systemClock();
    const woken = vi.fn<() => void>();
    const deadline = clock.deadline(60_000, never);
    void clock.sleep(60_000, never).then(woken);
    for (const jump of [3_600_000, -7_200_000]) {
      const before = clock.monotonicMs();
      vi.setSystemTime(Date.now() + jump);
      expect(clock.monotonicMs()).toBe(before);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(woken).not.toHaveBeenCalled();
      expect(deadline.expired()).toBe(false);
    }
    await vi.advanceTimersByTimeAsync(40_000);
    expect(woken).toHaveBeenCalledOnce();
    expect(deadline.expired()).toBe(true);
  });
});
