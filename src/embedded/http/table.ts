import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { at, type Draft, each, scalarText } from "../kinds/draft.ts";
import type { Served } from "../kinds/registry.ts";
import { metaOf } from "../verbs/write.ts";
import type { World } from "../world.ts";
import { partial } from "./shapes.ts";

type Cell = (object: Draft) => Json;

/** Columns between NAME and AGE, for what people look at most; everything else has these two. */
const columns: Readonly<Record<string, Readonly<Record<string, Cell>>>> = {
  "/Namespace": { Status: (o) => scalarText(at(o, "status")?.["phase"]) },
  "/ConfigMap": { Data: (o) => size(at(o, "data")) + size(at(o, "binaryData")) },
  "/Secret": { Type: (o) => scalarText(o["type"]), Data: (o) => size(at(o, "data")) },
  "/Service": {
    Type: (o) => scalarText(at(o, "spec")?.["type"]),
    "Cluster-IP": (o) => scalarText(at(o, "spec")?.["clusterIP"]) || "<none>",
    "Port(s)": (o) =>
      each(at(o, "spec"), "ports")
        .map((p) => `${scalarText(p["port"])}/${scalarText(p["protocol"])}`)
        .join(",") || "<none>",
  },
  "/Pod": { Ready: () => "1/1", Status: (o) => scalarText(at(o, "status")?.["phase"]) },
  "apps/Deployment": {
    Ready: (o) => `${count(o, "readyReplicas")}/${scalarText(at(o, "spec")?.["replicas"])}`,
    "Up-to-date": (o) => count(o, "updatedReplicas"),
    Available: (o) => count(o, "availableReplicas"),
  },
  "apps/StatefulSet": { Ready: (o) => `${count(o, "readyReplicas")}/${scalarText(at(o, "spec")?.["replicas"])}` },
  "apps/DaemonSet": {
    Desired: (o) => count(o, "desiredNumberScheduled"),
    Ready: (o) => count(o, "numberReady"),
  },
};

function size(map: Draft | undefined): number {
  return Object.keys(map ?? {}).length;
}

function count(object: Draft, name: string): number {
  return Number(at(object, "status")?.[name] ?? 0);
}

/** The table that kubectl prints (meta.k8s.io/v1 Table). */
export function tableOf(world: World, served: Served, items: readonly JsonObject[], metadata: JsonObject): JsonObject {
  const between = Object.entries(columns[`${served.group}/${served.kind}`] ?? {});
  const names = ["Name", ...between.map(([name]) => name), "Age"];
  const rows = items.map((item) => ({
    cells: [
      metaOf(item)["name"] ?? "",
      ...between.map(([, cell]) => cell(item as Draft)),
      age(world, metaOf(item)["creationTimestamp"]),
    ],
    object: partial(item),
  }));
  const columnDefinitions = names.map((name) => ({
    name,
    type: "string",
    format: name === "Name" ? "name" : "",
    description: "",
    priority: 0,
  }));
  return { kind: "Table", apiVersion: "meta.k8s.io/v1", metadata, columnDefinitions, rows };
}

const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
] as const;

function age(world: World, created: Json | undefined): string {
  const seconds = Math.max(0, Math.floor((world.clock.nowMs() - Date.parse(scalarText(created))) / 1000));
  if (isObject(created) || Number.isNaN(seconds)) return "<unknown>";
  const [unit, length] = UNITS.find(([, size_]) => seconds >= 2 * size_) ?? ["s", 1];
  return `${Math.floor(seconds / length)}${unit}`;
}
