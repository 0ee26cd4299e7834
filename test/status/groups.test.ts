import fc from "fast-check";
import { expect, test } from "vitest";
import { groupCount, groupOfService, groupTexts, servicesOf } from "../../src/status/groups.ts";
import type { KeptService } from "../../src/status/kept.ts";

const MIB = 1024 * 1024;
const kept = (more: Partial<KeptService> = {}): KeptService => ({
  state: "synced",
  pass: 1,
  at: "2026-01-01T00:00:00.000Z",
  revision: "main@sha1:3f2a91c",
  objects: 4,
  since: {},
  failures: [],
  warnings: [],
  history: [],
  ...more,
});
const textsOf = (services: ReadonlyMap<string, KeptService>, count: number): readonly string[] => [
  ...groupTexts(services, count).values(),
];
const many = (count: number, one: KeptService): ReadonlyMap<string, KeptService> =>
  new Map(Array.from({ length: count }, (_, index) => [`team-${index % 7}/service-${index}`, one]));

test("what is kept is read back, in whichever order the groups come", () => {
  const id = fc.stringMatching(/^[a-z0-9/._-]{1,40}$/);
  fc.assert(
    fc.property(fc.uniqueArray(id, { maxLength: 60 }), fc.constantFrom(1, 2, 8), (ids, count) => {
      const services = new Map(ids.map((service, index) => [service, kept({ objects: index })] as const));
      expect(servicesOf(textsOf(services, count).toReversed())).toEqual({ services, damaged: false });
    }),
  );
});

test("few services stay in one group", () => {
  expect(groupCount(many(20, kept()), 0)).toBe(1);
});

test("5,000 services that all failed with long words stay far below the size of an object, group by group", () => {
  const failure = { code: "build/crashed", message: "x".repeat(500), remedy: "y".repeat(500), since: "" } as const;
  const services = many(5000, kept({ failures: Array.from({ length: 5 }, () => failure) }));
  const count = groupCount(services, 1);
  const sizes = textsOf(services, count).map((text) => text.length);
  expect(Math.max(...sizes)).toBeLessThan(MIB / 2);
});

test("the number of groups never shrinks, so that none is left behind", () => {
  expect(groupCount(many(3, kept()), 16)).toBe(16);
});

test("one changed service changes the text of its own group only", () => {
  const before = many(200, kept());
  const [changed = ""] = [...before.keys()];
  const after = new Map([...before, [changed, kept({ state: "failed" })]]);
  const [old, fresh] = [textsOf(before, 8), textsOf(after, 8)];
  const differing = old.flatMap((text, index) => (text === fresh[index] ? [] : [index]));
  const group = groupOfService(changed, 8);
  expect(differing).toEqual([group]);
  expect([...groupTexts(after, 8, new Set([group]))]).toEqual([[group, fresh[group]]]);
});

test("a service that stands in two groups is taken from where it was written last", () => {
  const old = textsOf(new Map([["api", kept({ pass: 1, state: "failed" })]]), 1);
  const fresh = textsOf(new Map([["api", kept({ pass: 2 })]]), 2);
  expect(servicesOf([...fresh, ...old]).services.get("api")?.state).toBe("synced");
  expect(servicesOf([...old, ...fresh]).services.get("api")?.state).toBe("synced");
});

test.each(["", "no JSON", "{}", "null", '{"version":1,"services":{"api":{"state":1}}}', '{"version":2,"services":{}}'])(
  "a group that cannot be understood is told from one that holds nothing: %s",
  (text) => {
    const [sound = ""] = textsOf(new Map([["web", kept()]]), 1);
    expect(servicesOf([text])).toEqual({ services: new Map(), damaged: true });
    expect(servicesOf([sound, text])).toEqual({ services: new Map([["web", kept()]]), damaged: true });
  },
);
