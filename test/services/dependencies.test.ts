import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_SETTINGS, durationMs, type Service } from "../../src/model/index.ts";
import { withDependencies } from "../../src/services/index.ts";

function services(graph: Readonly<Record<string, readonly string[]>>): readonly Service[] {
  return Object.entries(graph).map(([id, dependsOn]) => ({
    id,
    origin: "flux",
    folder: id,
    at: { path: `${id}.yaml`, line: 1 },
    why: "",
    settings: { ...DEFAULT_SETTINGS, dependsOn, intervalMs: 1, timeoutMs: 1 },
  }));
}

function codes(graph: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, readonly string[]>> {
  const { broken } = withDependencies({ services: services(graph), broken: [], ignored: [], complete: true });
  return Object.fromEntries(broken.map(({ id, failures }) => [id, failures.map(({ code }) => code)]));
}

describe("dependencies", () => {
  test("that are not there fail the service that names them", () => {
    expect(codes({ a: ["b"], b: ["nowhere"], c: [] })).toEqual({ b: ["service/dependency-not-found"] });
  });

  test("that are not there are told of where they are asked for", () => {
    const [only] = services({ a: ["nowhere"] });
    if (only === undefined) throw new Error("there is one");
    const asked = { ...only, settingsFrom: { dependsOn: { path: "gitops.yaml", line: 5 } } };
    const { broken } = withDependencies({ services: [asked], broken: [], ignored: [], complete: true });
    expect(broken).toMatchObject([{ id: "a", at: only.at, failures: [{ at: { path: "gitops.yaml", line: 5 } }] }]);
  });

  test("that are spelled wrongly, or not in full, are told with what was probably meant", () => {
    const { broken } = withDependencies({
      services: services({ a: ["prod/databse"], b: ["database"], c: ["nowhere"], "prod/database": [] }),
      broken: [],
      ignored: [],
      complete: true,
    });
    const meant = "did you mean prod/database? else add";
    expect(broken.map(({ failures }) => failures[0]?.remedy)).toEqual([
      `${meant} prod/databse, or remove it from dependsOn`,
      `${meant} database, or remove it from dependsOn`,
      "add nowhere, or remove it from dependsOn",
    ]);
  });

  test("D23 a cycle fails its members only", () => {
    expect(codes({ a: ["b"], b: ["c"], c: ["a"], before: ["a"], after: [] })).toEqual({
      a: ["service/dependency-cycle"],
      b: ["service/dependency-cycle"],
      c: ["service/dependency-cycle"],
    });
    expect(codes({ self: ["self"], other: ["self"] })).toEqual({ self: ["service/dependency-cycle"] });
  });

  test("D23 exactly the services that can reach themselves are in a cycle", () => {
    const node = fc.integer({ min: 0, max: 8 });
    fc.assert(
      fc.property(fc.array(fc.tuple(node, node), { maxLength: 20 }), (edges) => {
        const graph = Object.fromEntries(
          Array.from({ length: 9 }, (_, n) => [
            `s${n}`,
            edges.filter(([from]) => from === n).map(([, to]) => `s${to}`),
          ]),
        );
        const reaches = (from: string): boolean => {
          const seen = new Set<string>();
          const pending = [...(graph[from] ?? [])];
          for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
            if (next === from) return true;
            if (!seen.has(next)) pending.push(...(graph[next] ?? []));
            seen.add(next);
          }
          return false;
        };
        expect(Object.keys(codes(graph)).sort()).toEqual(Object.keys(graph).filter(reaches).sort());
      }),
    );
  });
});

test.each([
  ["10m", 600_000],
  ["1h30m", 5_400_000],
  ["1.5s", 1500],
  ["250ms", 250],
  ["9999999h", 366 * 24 * 3_600_000],
  ["10", undefined],
  ["-5m", undefined],
  ["1d", undefined],
  ["", undefined],
  ["9e99", undefined],
])("duration %s is %s ms", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});
