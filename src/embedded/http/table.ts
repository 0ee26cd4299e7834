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
    "External-IP": externalIp,
    "Port(s)": (o) => each(at(o, "spec"), "ports").map(portText).join(",") || "<none>",
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

/** A Service's column, as kubectl's printers fill it. */
function externalIp(service: Draft): string {
  const spec = at(service, "spec");
  const listed = spec?.["externalIPs"];
  const own = Array.isArray(listed) ? listed.map((ip: Json) => scalarText(ip)) : [];
  if (spec?.["type"] === "ExternalName") return scalarText(spec["externalName"]);
  if (spec?.["type"] !== "LoadBalancer") return own.join(",") || "<none>";
  const given = each(at(service, "status", "loadBalancer"), "ingress").map((one) =>
    scalarText(one["ip"] ?? one["hostname"]),
  );
  return [...given, ...own].join(",") || "<pending>";
}

function portText(port: Draft): string {
  const node = port["nodePort"] === undefined ? "" : `:${scalarText(port["nodePort"])}`;
  return `${scalarText(port["port"])}${node}/${scalarText(port["protocol"])}`;
}

/**
 * Units in seconds, each with how many of it are shown with the next smaller one beside, and up to how many it is used, as
 * HumanDuration of k8s.io/apimachinery does.
 */
const UNITS = [
  { unit: "s", seconds: 1, precise: 0, below: 120 },
  { unit: "m", seconds: 60, precise: 10, below: 180 },
  { unit: "h", seconds: 3600, precise: 8, below: 48 },
  { unit: "d", seconds: 86_400, precise: 8, below: 730 },
  { unit: "y", seconds: 365 * 86_400, precise: 8, below: Number.POSITIVE_INFINITY },
] as const;

function age(world: World, created: Json | undefined): string {
  const seconds = Math.max(0, Math.floor((world.clock.nowMs() - Date.parse(scalarText(created))) / 1000));
  if (isObject(created) || Number.isNaN(seconds)) return "<unknown>";
  const index = UNITS.findIndex((one) => seconds < one.below * one.seconds);
  const used = UNITS[index];
  if (used === undefined) return "<unknown>";
  const whole = Math.floor(seconds / used.seconds);
  const smaller = UNITS[index - 1];
  if (smaller === undefined || whole >= used.precise) return `${whole}${used.unit}`;
  const rest = Math.floor((seconds % used.seconds) / smaller.seconds);
  return rest === 0 ? `${whole}${used.unit}` : `${whole}${used.unit}${rest}${smaller.unit}`;
}
