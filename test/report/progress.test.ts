import { describe, expect, test } from "vitest";
import type { PassEvent } from "../../src/model/index.ts";
import { advance, liveLine, NOTHING_DONE, newPaint, plainLine } from "../../src/report/index.ts";
import { service } from "./examples.ts";

const paint = newPaint(false);
const waits = (id: string, ...why: readonly string[]): PassEvent => {
  const ref = { group: "apps", kind: "Deployment", namespace: "dev", name: "web" };
  return { type: "waiting", service: id, objects: why.map((one) => ({ ref, why: one })) };
};

describe("who waits for health", () => {
  test("is counted in the live line until it is done", () => {
    const events: readonly PassEvent[] = [
      { type: "discovered", services: 3, broken: 0 },
      { type: "phase", phase: "apply" },
      waits("dev/web", "0 of 2 replicas are ready"),
      waits("dev/web", "1 of 2 replicas are ready"),
      waits("dev/pay", "1 of 2 replicas are ready"),
    ];
    const waiting = events.reduce((progress, event) => advance(progress, event, 0), NOTHING_DONE);
    expect(liveLine(waiting, 0, 5_000, 200, paint)).toContain("0/3 services  2 waiting for health  5.0 s");
    const done = advance(waiting, { type: "finished", outcome: service("dev/web", "synced") }, 0);
    expect(liveLine(done, 0, 5_000, 200, paint)).toContain("1/3 services  1 waiting for health");
  });

  test("is told line by line only to those who want all", () => {
    const event = waits("dev/web", "0 of 2 replicas are ready", "it is not there", "it is not there");
    expect(plainLine(event, paint, { verbose: false, mode: "sync" })).toBeUndefined();
    expect(plainLine(event, paint, { verbose: true, mode: "sync" })).toBe(
      "dev/web  waits for apps/Deployment dev/web: 0 of 2 replicas are ready, and 2 more",
    );
    expect(plainLine(waits("dev/web"), paint, { verbose: true, mode: "sync" })).toBeUndefined();
  });
});
