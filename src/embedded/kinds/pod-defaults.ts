import { at, type Draft, each, ensure, fill, scalarText } from "./draft.ts";

/** Defaults of a pod's spec, alone or in a template (pkg/apis/core/v1/defaults.go). */
export function podSpecDefaults(spec: Draft | undefined): void {
  if (spec === undefined) return;
  ensure(spec, "securityContext");
  fill(spec, {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    terminationGracePeriodSeconds: 30,
  });
  // Two names of one field, kept equal.
  const account = spec["serviceAccountName"] ?? spec["serviceAccount"];
  if (account !== undefined) Object.assign(spec, { serviceAccountName: account, serviceAccount: account });
  for (const list of ["containers", "initContainers", "ephemeralContainers"])
    for (const container of each(spec, list)) containerDefaults(container);
  for (const volume of each(spec, "volumes")) volumeDefaults(volume);
}

function containerDefaults(container: Draft): void {
  fill(container, {
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: pullPolicy(scalarText(container["image"] ?? "")),
  });
  for (const port of each(container, "ports")) fill(port, { protocol: "TCP" });
  for (const env of each(container, "env")) fill(at(env, "valueFrom", "fieldRef"), { apiVersion: "v1" });
  for (const name of ["livenessProbe", "readinessProbe", "startupProbe"]) probeDefaults(at(container, name));
  for (const hook of ["postStart", "preStop"]) httpDefaults(at(container, "lifecycle", hook, "httpGet"));
}

/** `Always` for the tag `latest` and for no tag, unless a digest says exactly which image. */
function pullPolicy(image: string): string {
  const [name = "", digest] = image.split("@");
  const tag = /:([^/:]+)$/.exec(name)?.[1];
  return (tag === undefined && digest === undefined) || tag === "latest" ? "Always" : "IfNotPresent";
}

function probeDefaults(probe: Draft | undefined): void {
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  httpDefaults(at(probe, "httpGet"));
  fill(at(probe, "grpc"), { service: "" });
}

function httpDefaults(http: Draft | undefined): void {
  fill(http, { path: "/", scheme: "HTTP" });
}

const MODE = 0o644;

function volumeDefaults(volume: Draft): void {
  if (Object.keys(volume).every((key) => key === "name")) volume["emptyDir"] = {};
  for (const source of ["secret", "configMap", "downwardAPI", "projected"])
    fill(at(volume, source), { defaultMode: MODE });
  for (const item of each(at(volume, "downwardAPI"), "items")) fill(at(item, "fieldRef"), { apiVersion: "v1" });
  for (const source of each(at(volume, "projected"), "sources")) {
    fill(at(source, "serviceAccountToken"), { expirationSeconds: 3600 });
    for (const item of each(at(source, "downwardAPI"), "items")) fill(at(item, "fieldRef"), { apiVersion: "v1" });
  }
  fill(at(volume, "hostPath"), { type: "" });
  fill(at(volume, "ephemeral", "volumeClaimTemplate", "spec"), { volumeMode: "Filesystem" });
  fill(at(volume, "iscsi"), { iscsiInterface: "default" });
  fill(at(volume, "azureDisk"), { cachingMode: "ReadWrite", kind: "Shared", fsType: "ext4", readOnly: false });
}

/** What only a pod gets, not a template: links, and requests where there are limits. */
export function podDefaults(pod: Draft): void {
  const spec = at(pod, "spec");
  podSpecDefaults(spec);
  fill(spec, { enableServiceLinks: true });
  for (const list of ["containers", "initContainers"])
    for (const container of each(spec, list)) {
      for (const port of spec?.["hostNetwork"] === true ? each(container, "ports") : [])
        fill(port, { hostPort: port["containerPort"] ?? 0 });
      const limits = at(container, "resources", "limits");
      if (limits !== undefined) fill(ensure(ensure(container, "resources"), "requests"), limits);
    }
  const status = ensure(pod, "status");
  fill(status, { phase: "Pending" });
}
