import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/model/index.ts";
import { uncovered } from "../../src/plan/index.ts";

/** Desired objects, what our Apply entry of managedFields says, and which leaves it does not cover. */
const cases: readonly (readonly [string, JsonObject, JsonObject, readonly string[]])[] = [
  ["a scalar that is ours", { spec: { a: 1 } }, { "f:spec": { "f:a": {} } }, []],
  ["a scalar that somebody took", { spec: { a: 1, b: 2 } }, { "f:spec": { "f:a": {} } }, ["spec.b"]],
  ["everything is gone", { spec: { a: 1 }, data: { k: "v" } }, {}, ["spec", "data"]],
  [
    "an atomic map covers all below it",
    { spec: { selector: { app: "x", tier: "y" } } },
    { "f:spec": { "f:selector": {} } },
    [],
  ],
  ["an atomic list covers its items", { spec: { args: ["a", "b"] } }, { "f:spec": { "f:args": {} } }, []],
  [
    "items of a keyed list",
    { spec: { containers: [{ name: "a", image: "i" }] } },
    { "f:spec": { "f:containers": { 'k:{"name":"a"}': { ".": {}, "f:name": {}, "f:image": {} } } } },
    [],
  ],
  [
    "a field of a keyed item that somebody took",
    { spec: { containers: [{ name: "a", image: "i" }] } },
    { "f:spec": { "f:containers": { 'k:{"name":"a"}': { ".": {}, "f:name": {} } } } },
    ["spec.containers[name=a].image"],
  ],
  [
    "a key that the item leaves to its default",
    { spec: { ports: [{ port: 80, name: "http" }] } },
    { "f:spec": { "f:ports": { 'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {}, "f:name": {} } } } },
    [],
  ],
  [
    "two items with one port: the one that was removed is missed",
    { spec: { ports: [{ port: 53, protocol: "UDP" }, { port: 53 }] } },
    { "f:spec": { "f:ports": { 'k:{"port":53,"protocol":"UDP"}': { ".": {}, "f:port": {}, "f:protocol": {} } } } },
    ["spec.ports[1]"],
  ],
  [
    "members of a set",
    { metadata: { finalizers: ["a", "b"] } },
    { "f:metadata": { "f:finalizers": { 'v:"a"': {} } } },
    ["metadata.finalizers[1]"],
  ],
  [
    "an empty list that is merged by item is not recorded by the server",
    { apiVersion: "v1", spec: { volumes: [], containers: [{ name: "a", env: [] }] } },
    { "f:spec": { "f:containers": { 'k:{"name":"a"}': { ".": {}, "f:name": {} } } } },
    [],
  ],
  [
    "an empty list that is taken as a whole is, and so may be any of a custom kind",
    { apiVersion: "example.org/v1", spec: { a: 1, volumes: [] }, egress: [] },
    { "f:spec": { "f:a": {} } },
    ["spec.volumes", "egress"],
  ],
  [
    "identity and nulls are nobody's",
    { apiVersion: "v1", kind: "X", metadata: { name: "n", namespace: "s" }, spec: null },
    {},
    [],
  ],
  [
    "a label somebody removed",
    { metadata: { name: "n", labels: { app: "x" } } },
    { "f:metadata": { "f:labels": {}, "f:annotations": {} } },
    [],
  ],
  [
    "a label among others",
    { metadata: { name: "n", labels: { app: "x", t: "y" } } },
    { "f:metadata": { "f:labels": { "f:t": {} } } },
    ["metadata.labels.app"],
  ],
];

describe("drift is read from field ownership", () => {
  test.each(cases)("%s", (_name, desired, fields, missing) => {
    expect(uncovered(desired, fields)).toEqual(missing);
  });
});

test("L1 a list of very many items is gone through in time in proportion to it", () => {
  const env = Array.from({ length: 40_000 }, (_, at) => ({ name: `VAR_${at}`, value: "x" }));
  const keyed = env.map(({ name }) => [`k:${JSON.stringify({ name })}`, { ".": {}, "f:name": {}, "f:value": {} }]);
  const fields = { "f:spec": { "f:env": Object.fromEntries(keyed.slice(1)) } };
  expect(uncovered({ spec: { env } }, fields)).toEqual(["spec.env[0]"]);
});
