import type { JsonObject } from "../../../src/model/index.ts";
import { configMap, configMaps, deployment, deployments } from "./objects.ts";
import { apply, at, type Case, create, get, JSON_PATCH, MERGE, patch, put, remove, type Step } from "./transcript.ts";

const named = (name: string, labels: JsonObject = {}): Step => create(configMaps, configMap({}, { name, labels }));
const list = (query: string, accept?: string): Step => ({
  method: "GET",
  path: `${configMaps.all}${query}`,
  ...(accept === undefined ? {} : { accept }),
});
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const three = [named("a", { app: "x" }), named("b", { app: "y", tier: "t" }), named("c")];
const select = (selector: string): Step => list(`?labelSelector=${encodeURIComponent(selector)}`, METADATA_LIST);
const first = { method: "GET", path: `${configMaps.all}?limit=2` } as const;

export const definitions = at("apiextensions.k8s.io/v1", "customresourcedefinitions", false);
export const things = at("$ns.example.com/v1", "things");

export const definition = (schema: JsonObject, more: JsonObject = {}): JsonObject => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.$ns.example.com" },
  spec: {
    group: "$ns.example.com",
    scope: "Namespaced",
    names: { plural: "things", kind: "Thing" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", properties: { spec: schema } } },
        ...more,
      },
    ],
  },
});

const thing = (spec: JsonObject, more: JsonObject = {}): JsonObject => ({
  apiVersion: "$ns.example.com/v1",
  kind: "Thing",
  metadata: { name: "a" },
  spec,
  ...more,
});

const open = {
  type: "object",
  properties: {
    size: { type: "integer", minimum: 1 },
    name: { type: "string", default: "none" },
    tags: { type: "array", items: { type: "string" } },
  },
};
export const lists = {
  type: "object",
  properties: {
    set: { type: "array", "x-kubernetes-list-type": "set", items: { type: "string" } },
    map: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string" }, value: { type: "string" } },
      },
    },
    whole: { type: "object", "x-kubernetes-map-type": "atomic", additionalProperties: { type: "string" } },
  },
};
const nullable = {
  type: "object",
  properties: {
    plain: { type: "string" },
    may: { type: "string", nullable: true },
    filled: { type: "string", default: "none" },
    map: { type: "object", additionalProperties: { type: "string" } },
    list: { type: "array", items: { type: "string" } },
    deep: { type: "object", properties: { plain: { type: "string" } } },
  },
};
/** A definition is served a moment after it was made: its objects' cases begin with the wait for that. */
export const served: Step = { method: "GET", path: `${things.all}?wait` };

/** Reading, and kinds that definitions make. */
export const readCases: readonly Case[] = [
  { name: "a list", steps: [...three, list("")] },
  {
    name: "a list of metadata, and one object's",
    steps: [named("a", { app: "x" }), list("", METADATA_LIST), { ...get(configMaps, "a"), accept: METADATA }],
  },
  { name: "a list of nothing", steps: [list(""), list("?labelSelector=a%3Db")] },
  {
    name: "labels select",
    steps: [
      ...three,
      ...[
        "app=x",
        "app==y",
        "app!=x",
        "app in (x,y)",
        "app notin (x)",
        "tier",
        "!tier",
        "app=x,tier",
        "app=y,tier=t",
      ].map(select),
    ],
  },
  { name: "a selector that is none", steps: [select("a===b"), select("a in b")] },
  {
    name: "fields select",
    steps: [
      ...three,
      list("?fieldSelector=metadata.name%3Db", METADATA_LIST),
      list("?fieldSelector=metadata.name!%3Db", METADATA_LIST),
      list("?fieldSelector=other%3Db"),
    ],
  },
  {
    name: "what is not there, in a kind that is and one that is not",
    steps: [
      get(configMaps, "none"),
      { method: "GET", path: "/apis/none.example.com/v1/things" },
      { method: "GET", path: "/api/v1/namespaces/$ns/things/a" },
    ],
  },
  {
    name: "pages",
    steps: [
      ...three,
      { ...first, accept: METADATA_LIST },
      (answers) => ({
        method: "GET",
        path: `${configMaps.all}?limit=2&continue=${String((answers[3] as { metadata: { continue: string } }).metadata.continue)}`,
        accept: METADATA_LIST,
      }),
    ],
  },
  { name: "a method that there is not", steps: [{ method: "POST", path: configMaps.one("a"), body: configMap({}) }] },
  { name: "a definition", steps: [create(definitions, definition(open))] },
  {
    name: "a definition that is wrong",
    steps: [create(definitions, { ...definition(open), metadata: { name: "other" } })],
  },
  {
    name: "a custom object: created, defaulted, pruned",
    steps: [
      create(definitions, definition(open)),
      served,
      create(things, thing({ size: 2, more: 1 })),
      create(things, thing({ size: 2, more: 1 }, { metadata: { name: "b" } }), "&fieldValidation=Strict"),
    ],
  },
  {
    name: "a custom object that its schema refuses",
    steps: [
      create(definitions, definition(open)),
      served,
      create(things, thing({ size: 0 })),
      create(things, thing({ size: "x" })),
      create(things, thing({ tags: [1] })),
    ],
  },
  {
    name: "a custom object is applied",
    steps: [
      create(definitions, definition(open)),
      served,
      apply(things, "a", thing({ size: 2, tags: ["x"] })),
      apply(things, "a", thing({ size: 2, tags: ["y"] }), "two"),
      apply(things, "a", thing({ size: 2 })),
      apply(things, "a", thing({ bogus: 1 })),
    ],
  },
  {
    name: "a custom object's lists",
    steps: [
      create(definitions, definition(lists)),
      served,
      apply(things, "a", thing({ set: ["a", "b"], map: [{ name: "x", value: "1" }], whole: { a: "1" } })),
      apply(things, "a", thing({ set: ["b", "c"], map: [{ name: "y" }], whole: { a: "1" } }), "two"),
      apply(things, "a", thing({ set: ["b"] })),
      apply(things, "a", thing({ set: ["b", "b"] })),
      create(things, thing({ map: [{ name: "x" }, { name: "x" }] }, { metadata: { name: "b" } })),
    ],
  },
  {
    name: "a custom object's part that an apply empties is null, and refused where null is none of its values",
    steps: [
      create(definitions, definition(lists)),
      served,
      apply(things, "a", thing({ whole: {} })),
      apply(things, "a", thing({})),
      apply(things, "a", { apiVersion: "$ns.example.com/v1", kind: "Thing" }),
    ],
  },
  {
    name: "a custom object's managers are taken away: an empty list is none, an empty entry resets",
    steps: [
      create(definitions, definition(lists)),
      served,
      apply(things, "a", thing({ set: ["a"] })),
      patch(things, "a", JSON_PATCH, [{ op: "remove", path: "/metadata/managedFields/0" }]),
      patch(things, "a", MERGE, { metadata: { managedFields: [] } }),
      patch(things, "a", MERGE, { metadata: { managedFields: [{}] } }),
    ],
  },
  {
    name: "a custom object's nulls: created without them, applied with them, filled where there is a default",
    steps: [
      create(definitions, definition(nullable)),
      served,
      create(things, thing({ plain: null, may: null, filled: null, map: { a: null, b: "1" }, deep: { plain: null } })),
      patch(things, "a", MERGE, { spec: { may: "x", filled: null, deep: null } }),
      create(things, thing({ list: ["a", null] }, { metadata: { name: "b" } })),
      apply(things, "c", thing({ may: null, filled: null })),
      apply(things, "d", thing({ plain: null })),
      apply(things, "e", thing({ map: { a: null } })),
      apply(things, "f", thing({ list: [null] })),
    ],
  },
  {
    name: "a custom object without a schema",
    steps: [
      create(definitions, definition({ type: "object", "x-kubernetes-preserve-unknown-fields": true })),
      served,
      create(things, thing({ any: { deep: [1, { x: null }] } })),
      apply(things, "a", thing({ any: { more: "x" } })),
      patch(things, "a", MERGE, { spec: { any: null } }),
    ],
  },
  {
    name: "a custom object is replaced and patched",
    steps: [
      create(definitions, definition(open)),
      served,
      create(things, thing({ size: 1 })),
      put(things, "a", thing({ size: 2 })),
      patch(things, "a", MERGE, { spec: { size: 3 } }),
      patch(things, "a", MERGE, { metadata: { labels: { x: "1" } } }),
      patch(things, "a", "application/strategic-merge-patch+json", { spec: { size: 4 } }),
      remove(things, "a"),
    ],
  },
  {
    name: "a custom object's status",
    steps: [
      create(
        definitions,
        definition(open, {
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: open, status: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
            },
          },
        }),
      ),
      served,
      create(things, thing({ size: 1 }, { status: { ok: true } })),
      patch(things, "a/status", MERGE, { status: { ok: true }, spec: { size: 9 }, metadata: { labels: { x: "1" } } }),
      patch(things, "a", MERGE, { status: { ok: false } }),
      get(things, "a"),
    ],
  },
  {
    name: "a namespace with a status request",
    steps: [
      patch(at("v1", "namespaces", false), "$ns/status", MERGE, { metadata: { labels: { x: "1" } } }),
      get(at("v1", "namespaces", false), "$ns"),
    ],
  },
  {
    name: "two deployments, side by side",
    steps: [
      apply(deployments, "a", deployment()),
      apply(deployments, "b", deployment({}, {}, { name: "b" })),
      { method: "GET", path: deployments.all, accept: METADATA_LIST },
    ],
  },
];
