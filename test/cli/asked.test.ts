import { expect, test, vi } from "vitest";
import { ok } from "../../src/model/index.ts";
import { start } from "./scripted.ts";

test("a loop hears each time that people ask for something, though it be the same as before", async () => {
  const asked = ["nobody is suspended", "nobody is suspended", undefined, "nobody is suspended"];
  const running = start(["run", "--repo", "/repo", "--path", "apps", "--listen", "127.0.0.1:0", "--interval", "10m"], {
    engine: {
      latest: () => Promise.resolve(ok("a".repeat(40))),
      pass: () => Promise.resolve({ services: [], failures: [], builds: 0, durationMs: 0 }),
      watch: () => undefined,
      liveStats: () => undefined,
      askedSince: () => Promise.resolve(asked.shift()),
    },
  });
  const heard = (): number => running.stderr().split('"because":"asked"').length - 1;
  await vi.waitFor(() => expect(running.stderr()).toContain("pass ended"));
  for (const [left, count] of [
    [3, 1],
    [2, 1],
    [1, 1],
    [0, 2],
  ] as const) {
    while (asked.length > left) await running.clock.advance(1000);
    await running.clock.advance(5000);
    await vi.waitFor(() => expect(heard()).toBe(count));
  }
  running.signal("SIGTERM");
  await running.clock.advance(1000);
  expect((await running.done).exit).toBe(0);
});
