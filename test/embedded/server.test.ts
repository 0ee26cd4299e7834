import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { Json } from "../../src/model/index.ts";
import { askEmbedded, bareEmbedded } from "../contract/server/asks.ts";
import { cases, fixtureOf } from "../contract/server/cases.ts";
import { type Ask, transcript } from "../contract/server/transcript.ts";

/** The embedded cluster answers as the real API server did when the fixtures were written. */
describe.each(Object.keys(cases))("as a real API server: %s", (part) => {
  const recorded = JSON.parse(readFileSync(fixtureOf(part), "utf8")) as Readonly<Record<string, Json>>;
  let ask: Ask;
  beforeAll(() => {
    ask = askEmbedded(bareEmbedded(systemClock()));
  });

  test.each(cases[part] ?? [])("$name", async (one) => {
    const ns = `case-${(cases[part] ?? []).indexOf(one)}`;
    await ask({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: ns } } });
    expect(await transcript(ask, one, ns)).toEqual(recorded[one.name]);
  });

  test("every recorded case is there", () => {
    expect(Object.keys(recorded).sort()).toEqual((cases[part] ?? []).map(({ name }) => name).sort());
  });
});
