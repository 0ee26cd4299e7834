import { expect, test } from "vitest";
import { createEmbedded, embeddedReply } from "../../src/embedded/index.ts";
import type { Json, JsonObject } from "../../src/model/index.ts";
import { manualClock } from "../support/manual-clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The columns and rows that kubectl prints for a path. */
function tableAt(cluster: ReturnType<typeof createEmbedded>, url: string): readonly Json[] {
  const headers = { accept: "application/json;as=Table;g=meta.k8s.io;v=v1" };
  const { body } = embeddedReply(cluster, { method: "GET", url, headers, body: "" });
  const { columnDefinitions, rows } = body as { columnDefinitions: JsonObject[]; rows: JsonObject[] };
  return [columnDefinitions.map(({ name }) => name ?? ""), ...rows.map(({ cells }) => cells ?? [])];
}

function create(cluster: ReturnType<typeof createEmbedded>, url: string, object: JsonObject): void {
  const headers = { "content-type": "application/json" };
  const { status, body } = embeddedReply(cluster, { method: "POST", url, headers, body: JSON.stringify(object) });
  if (status !== 201) throw new Error(JSON.stringify(body));
}

test("services are shown with their addresses and ports, as kubectl shows them", () => {
  const cluster = createEmbedded({ clock: manualClock(), controllers: "none" });
  const services = "/api/v1/namespaces/default/services";
  const ports = [{ port: 80 }, { port: 53, protocol: "UDP", name: "dns" }];
  const make = (name: string, spec: JsonObject): void =>
    create(cluster, services, { apiVersion: "v1", kind: "Service", metadata: { name }, spec });
  make("a", { ports: [{ port: 80 }] });
  make("b", { ports: [{ port: 80 }], externalIPs: ["198.51.100.7", "198.51.100.8"] });
  make("c", { ports: ports.slice(0, 1), type: "LoadBalancer", allocateLoadBalancerNodePorts: false });
  make("d", { type: "ExternalName", externalName: "db.example.org" });
  make("e", { type: "NodePort", ports: [{ port: 80, nodePort: 30_080 }] });
  const [header, ...rows] = tableAt(cluster, services);
  expect(header).toEqual(["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age"]);
  const shown = rows.map((row) => (Array.isArray(row) ? [row[0], row[1], row[3], row[4]] : []));
  expect(shown).toEqual([
    ["a", "ClusterIP", "<none>", "80/TCP"],
    ["b", "ClusterIP", "198.51.100.7,198.51.100.8", "80/TCP"],
    ["c", "LoadBalancer", "<pending>", "80/TCP"],
    ["d", "ExternalName", "db.example.org", "<none>"],
    ["e", "NodePort", "<none>", "80:30080/TCP"],
  ]);
});

test.each([
  [0, "0s"],
  [119_000, "119s"],
  [2 * MINUTE, "2m"],
  [9 * MINUTE + 59_000, "9m59s"],
  [10 * MINUTE + 30_000, "10m"],
  [179 * MINUTE, "179m"],
  [3 * HOUR + MINUTE, "3h1m"],
  [47 * HOUR, "47h"],
  [2 * DAY + 5 * HOUR, "2d5h"],
  [8 * DAY + 5 * HOUR, "8d"],
  [2 * 365 * DAY, "2y"],
  [2 * 365 * DAY + 40 * DAY, "2y40d"],
  [9 * 365 * DAY, "9y"],
])("an age of %d ms is shown as %s", (ms, shown) => {
  const now = { ms: Date.parse("2025-01-01T00:00:00Z") };
  const cluster = createEmbedded({ clock: { ...manualClock(), nowMs: () => now.ms }, controllers: "none" });
  now.ms += ms;
  const [, first] = tableAt(cluster, "/api/v1/namespaces");
  expect(Array.isArray(first) && first[2]).toBe(shown);
});
