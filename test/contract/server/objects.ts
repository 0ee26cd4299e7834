import type { Json, JsonObject } from "../../../src/model/index.ts";
import { at } from "./transcript.ts";

export const configMaps = at("v1", "configmaps");
export const services = at("v1", "services");
export const deployments = at("apps/v1", "deployments");

export const configMap = (data: JsonObject | undefined, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", ...metadata },
  ...(data === undefined ? {} : { data }),
});

export const container = (more: JsonObject = {}): JsonObject => ({ name: "web", image: "nginx:1", ...more });

export const workload = (
  kind: string,
  spec: JsonObject = {},
  pod: JsonObject = {},
  metadata: JsonObject = {},
): JsonObject => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name: "a", ...metadata },
  spec: {
    selector: { matchLabels: { app: "a" } },
    template: { metadata: { labels: { app: "a" } }, spec: { containers: [container()], ...pod } },
    ...spec,
  },
});

export const deployment = (spec: JsonObject = {}, pod: JsonObject = {}, metadata: JsonObject = {}): JsonObject =>
  workload("Deployment", spec, pod, metadata);

export const service = (spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "a", ...metadata },
  spec: { selector: { app: "a" }, ports: [{ name: "http", port: 80 }], ...spec },
});

/** A field deep in an answer, by path. */
export function dig(value: Json | undefined, ...path: readonly (string | number)[]): Json {
  let here: Json | undefined = value;
  for (const key of path) here = (here as Readonly<Record<string | number, Json>> | undefined)?.[key];
  return here ?? null;
}
