import { expect, test } from "vitest";
import { DEFAULT_SETTINGS, type Service } from "../../src/model/index.ts";
import { notReady, type Outlook, waitsFor } from "../../src/reconcile/waits-for.ts";
import { MISSING } from "../report/examples.ts";

const service = (id: string, dependsOn: readonly string[] = [], suspend = false): Service => ({
  id,
  origin: "flux",
  folder: id,
  at: { path: `${id}.yaml`, line: 1 },
  why: "",
  settings: { ...DEFAULT_SETTINGS, dependsOn, suspend },
});
const known = { kind: "known", declared: [] } as const;
const ready = (one: Service, more: Partial<Outlook["ready"][number]> = {}): Outlook["ready"][number] => ({
  service: one,
  failures: [],
  desired: known,
  ...more,
});

test("a chain of any length is followed to its end", () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => ready(service(`s${index}`, [`s${index + 1}`])));
  const outlook: Outlook = { ready: chain, broken: [{ id: "s20000" }], plans: [] };
  expect(waitsFor(service("mine", ["s0"]), outlook)).toEqual(["s0"]);
  expect(waitsFor(service("mine", ["s0"]), { ...outlook, broken: [] })).toEqual([]);
});

test("what fails, is suspended, or waits itself for such is not ready; everything else is", () => {
  const outlook: Outlook = {
    ready: [
      ready(service("fine")),
      ready(service("resting", [], true)),
      ready(service("unbuilt"), { failures: [MISSING], desired: { kind: "unknown", why: "", names: undefined } }),
      ready(service("refused")),
      ready(service("blocked", ["fine", "broken"])),
      ready(service("around", ["about"])),
      ready(service("about", ["around"])),
    ],
    broken: [{ id: "broken" }],
    plans: [
      { service: "refused", failures: [MISSING] },
      { service: "fine", failures: [] },
    ],
  };
  const all = ["fine", "resting", "unbuilt", "refused", "blocked", "broken", "around", "elsewhere"];
  expect(waitsFor(service("mine", all), outlook)).toEqual(["resting", "unbuilt", "refused", "blocked", "broken"]);
});

test("what is waited for is told with how it is, and whether there is anything to mend", () => {
  const told = (...needed: Parameters<typeof notReady>[0]): string => {
    const { message, remedy } = notReady(needed, service("mine"));
    return `${message}: ${remedy}`;
  };
  const mend = "mend what it depends on: gitops why db says more; it continues by itself";
  expect(told({ service: "db" })).toBe(`waits for db, which it depends on: ${mend}`);
  expect(told({ service: "db", state: "failed" }, { service: "mq", state: "progressing" })).toBe(
    `waits for db (failed), mq (not healthy yet), which it depends on: ${mend}`,
  );
  expect(told({ service: "db", state: "suspended" })).toBe(`waits for db (suspended), which it depends on: ${mend}`);
  expect(told({ service: "db", state: "progressing" })).toBe(
    "waits for db (not healthy yet), which it depends on: it continues by itself",
  );
});
