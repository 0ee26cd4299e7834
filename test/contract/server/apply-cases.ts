import { configMap, configMaps, deployment, deployments, dig } from "./objects.ts";
import { apply, type Case, create, get, JSON_PATCH, MERGE, patch, put } from "./transcript.ts";

/** Server-side apply: who owns what, and what goes when nobody applies it any more. */
export const applyCases: readonly Case[] = [
  {
    name: "a first apply creates, a second one of the same changes nothing",
    steps: [apply(configMaps, "a", configMap({ x: "1" })), apply(configMaps, "a", configMap({ x: "1" }))],
  },
  {
    name: "what is no longer applied goes",
    steps: [apply(configMaps, "a", configMap({ x: "1", y: "2" })), apply(configMaps, "a", configMap({ x: "1" }))],
  },
  {
    name: "what all applied goes with the last of it",
    steps: [apply(configMaps, "a", configMap({ x: "1" })), apply(configMaps, "a", configMap(undefined))],
  },
  {
    name: "another manager's value is a conflict",
    steps: [apply(configMaps, "a", configMap({ x: "1" })), apply(configMaps, "a", configMap({ x: "2" }), "two")],
  },
  {
    name: "several conflicts are all named",
    steps: [
      apply(configMaps, "a", configMap({ x: "1", y: "1" })),
      apply(configMaps, "a", configMap({ z: "1" }), "two"),
      apply(configMaps, "a", configMap({ x: "2", y: "2", z: "3" }), "three"),
    ],
  },
  {
    name: "force takes the field over",
    steps: [
      apply(configMaps, "a", configMap({ x: "1", y: "1" })),
      apply(configMaps, "a", configMap({ x: "2" }), "two", "&force=true"),
    ],
  },
  {
    name: "the same value is shared, and stays while one applies it",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      apply(configMaps, "a", configMap({ x: "1" }), "two"),
      apply(configMaps, "a", configMap(undefined)),
      apply(configMaps, "a", configMap(undefined), "two"),
    ],
  },
  {
    name: "a manager that owns nothing more is dropped",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      apply(configMaps, "a", configMap({ x: "2" }), "two", "&force=true"),
    ],
  },
  {
    name: "an update takes ownership",
    steps: [
      apply(configMaps, "a", configMap({ x: "1", y: "1" })),
      patch(configMaps, "a", MERGE, { data: { x: "2" } }),
      apply(configMaps, "a", configMap({ x: "1", y: "1" })),
      apply(configMaps, "a", configMap({ x: "1", y: "1" }), "one", "&force=true"),
    ],
  },
  {
    name: "an update that removes takes the field from everyone",
    steps: [
      apply(configMaps, "a", configMap({ x: "1", y: "1" })),
      patch(configMaps, "a", MERGE, { data: { x: null } }),
      get(configMaps, "a"),
    ],
  },
  {
    name: "an update under the same name is another manager",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      put(configMaps, "a", configMap({ x: "2" }), "one"),
      apply(configMaps, "a", configMap({ x: "3" })),
    ],
  },
  {
    name: "an update's fields are kept when they are applied no more",
    steps: [
      create(configMaps, configMap({ x: "1", y: "1" })),
      apply(configMaps, "a", configMap({ x: "1" })),
      apply(configMaps, "a", configMap(undefined)),
    ],
  },
  {
    name: "an update that changes nothing owns nothing",
    steps: [apply(configMaps, "a", configMap({ x: "1" })), put(configMaps, "a", configMap({ x: "1" }))],
  },
  {
    name: "managedFields that are emptied start anew",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      patch(configMaps, "a", MERGE, { metadata: { managedFields: [{}] } }),
      apply(configMaps, "a", configMap({ x: "2" }), "two"),
      apply(configMaps, "a", configMap({ x: "2" }), "two", "&force=true"),
    ],
  },
  {
    name: "managedFields that are replaced by an empty list",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      patch(configMaps, "a", JSON_PATCH, [{ op: "replace", path: "/metadata/managedFields", value: [] }]),
      patch(configMaps, "a", MERGE, { data: { y: "1" } }),
    ],
  },
  {
    name: "managedFields may be edited",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      (answers) =>
        patch(configMaps, "a", JSON_PATCH, [
          { op: "replace", path: "/metadata/managedFields/0/manager", value: "renamed" },
          { op: "test", path: "/metadata/resourceVersion", value: dig(answers[0], "metadata", "resourceVersion") },
        ]),
      apply(configMaps, "a", configMap({ x: "2" }), "renamed"),
    ],
  },
  {
    name: "managedFields may not be applied",
    steps: [apply(configMaps, "a", configMap({ x: "1" }, { managedFields: [] }))],
  },
  {
    name: "labels and annotations are owned one by one",
    steps: [
      apply(configMaps, "a", configMap(undefined, { labels: { x: "1" }, annotations: { n: "1" } })),
      apply(configMaps, "a", configMap(undefined, { labels: { y: "1" } }), "two"),
      apply(configMaps, "a", configMap(undefined, { labels: { z: "1" } })),
    ],
  },
  {
    name: "finalizers are a set",
    steps: [
      apply(configMaps, "a", configMap(undefined, { finalizers: ["a.io/x", "a.io/y"] })),
      apply(configMaps, "a", configMap(undefined, { finalizers: ["a.io/z", "a.io/y"] }), "two"),
      apply(configMaps, "a", configMap(undefined, { finalizers: ["a.io/y"] })),
      apply(configMaps, "a", configMap(undefined)),
    ],
  },
  {
    name: "owner references are found by uid",
    steps: [
      apply(
        configMaps,
        "a",
        configMap(undefined, { ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "1" }] }),
      ),
      apply(
        configMaps,
        "a",
        configMap(undefined, { ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "q", uid: "2" }] }),
        "two",
      ),
      apply(configMaps, "a", configMap(undefined)),
    ],
  },
  {
    name: "a stale resourceVersion is a conflict",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      apply(configMaps, "a", configMap({ x: "2" }, { resourceVersion: "1" })),
    ],
  },
  {
    name: "the current resourceVersion is fine",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      (answers) =>
        apply(
          configMaps,
          "a",
          configMap({ x: "2" }, { resourceVersion: dig(answers[0], "metadata", "resourceVersion") }),
        ),
    ],
  },
  {
    name: "another uid is refused",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" })),
      apply(configMaps, "a", configMap({ x: "2" }, { uid: "other" })),
      apply(configMaps, "b", configMap({ x: "2" }, { name: "b", uid: "other" })),
    ],
  },
  {
    name: "a dry run writes nothing",
    steps: [
      apply(configMaps, "a", configMap({ x: "1" }), "one", "&dryRun=All"),
      get(configMaps, "a"),
      apply(configMaps, "a", configMap({ x: "1" })),
      apply(configMaps, "a", configMap({ x: "2" }), "two", "&dryRun=All&force=true"),
      get(configMaps, "a"),
    ],
  },
  {
    name: "the field manager is needed",
    steps: [{ method: "PATCH", path: configMaps.one("a"), type: "application/apply-patch+yaml", body: configMap({}) }],
  },
  { name: "the name must be the URL's", steps: [apply(configMaps, "b", configMap({ x: "1" }))] },
  {
    name: "the kind must be the URL's",
    steps: [
      apply(configMaps, "a", { ...configMap({}), kind: "Secret" }),
      apply(configMaps, "a", { ...configMap({}), apiVersion: "v2" }),
    ],
  },
  {
    name: "unknown fields and wrong types are refused",
    steps: [
      apply(configMaps, "a", { ...configMap({ x: "1" }), bogus: 1 }),
      apply(deployments, "a", deployment({ replica: 1 })),
    ],
  },
];
