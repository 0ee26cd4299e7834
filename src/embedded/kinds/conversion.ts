import { isObject, type Json, type JsonObject } from "../../model/index.ts";

/** Between a version and the one that objects are kept in (the hub). */
export interface Conversion {
  toHub(object: JsonObject): JsonObject;
  fromHub(object: JsonObject): JsonObject;
}

/** By `group/version/Kind`; all other versions of a kind have the same fields. */
export const conversionOf: Readonly<Record<string, Conversion>> = {
  "autoscaling/v1/HorizontalPodAutoscaler": { toHub: autoscalerToV2, fromHub: autoscalerToV1 },
};

/** v1 knows one metric: the average use of the cpu that was asked for. */
const METRICS = "autoscaling.alpha.kubernetes.io/metrics";
const CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";

function autoscalerToV2(object: JsonObject): JsonObject {
  const spec = isObject(object["spec"]) ? object["spec"] : {};
  const { targetCPUUtilizationPercentage: cpu, ...rest } = spec;
  const meta = isObject(object["metadata"]) ? object["metadata"] : {};
  const notes = isObject(meta["annotations"]) ? meta["annotations"] : {};
  const { [METRICS]: others, [BEHAVIOR]: behavior, [CONDITIONS]: _, ...annotations } = notes;
  const own = cpu === undefined ? [] : [cpuMetric(cpu)];
  const metrics = [...own, ...parsedList(others)];
  const metadata = { ...meta, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) };
  if (Object.keys(annotations).length === 0) Reflect.deleteProperty(metadata, "annotations");
  return {
    ...object,
    metadata,
    spec: {
      ...rest,
      ...(metrics.length === 0 ? {} : { metrics }),
      ...(typeof behavior === "string" ? { behavior: JSON.parse(behavior) as Json } : {}),
    },
  };
}

function cpuMetric(averageUtilization: Json): JsonObject {
  return { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization } } };
}

function parsedList(text: Json | undefined): readonly Json[] {
  const value: unknown = typeof text === "string" ? JSON.parse(text) : [];
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function autoscalerToV1(object: JsonObject): JsonObject {
  const spec = isObject(object["spec"]) ? object["spec"] : {};
  const { metrics, behavior, ...rest } = spec;
  const all = Array.isArray(metrics) ? (metrics as readonly Json[]) : [];
  const cpu = all.map(cpuOf).find((value) => value !== undefined);
  const others = all.filter((metric) => cpuOf(metric) === undefined);
  const meta = isObject(object["metadata"]) ? object["metadata"] : {};
  const annotations = {
    ...(isObject(meta["annotations"]) ? meta["annotations"] : {}),
    ...(others.length === 0 ? {} : { [METRICS]: JSON.stringify(others) }),
    ...(behavior === undefined ? {} : { [BEHAVIOR]: JSON.stringify(behavior) }),
  };
  return {
    ...object,
    metadata: { ...meta, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: { ...rest, ...(cpu === undefined ? {} : { targetCPUUtilizationPercentage: cpu }) },
  };
}

function cpuOf(metric: Json): Json | undefined {
  if (!isObject(metric) || metric["type"] !== "Resource" || !isObject(metric["resource"])) return undefined;
  const { name, target } = metric["resource"];
  return name === "cpu" && isObject(target) && target["type"] === "Utilization"
    ? target["averageUtilization"]
    : undefined;
}
