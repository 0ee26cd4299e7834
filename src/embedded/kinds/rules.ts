import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
  unsupported,
  valueText,
} from "../api/status.ts";
import { at, type Draft, each, scalarText } from "./draft.ts";
import { CONFIG_KEY, DNS_LABEL, problemWith } from "./names.ts";
import { podErrors } from "./pod-rules.ts";

type Rule = (draft: Draft) => readonly FieldError[];

/** Required fields and choices by `group/Kind` (pkg/apis/…/validation), for what people deploy. */
export const rulesOf: Readonly<Record<string, Rule>> = {
  "/ConfigMap": configMap,
  "/Secret": secret,
  "/Service": service,
  "/Pod": (draft) => podErrors(at(draft, "spec"), "spec", "pod"),
  "/PersistentVolumeClaim": claim,
  "apps/Deployment": (draft) => workload(draft, "apps"),
  "apps/ReplicaSet": (draft) => workload(draft, "apps"),
  "apps/DaemonSet": (draft) => workload(draft, "apps"),
  "apps/StatefulSet": (draft) => workload(draft, "apps"),
  "batch/Job": job,
  "batch/CronJob": cronJob,
  "networking.k8s.io/Ingress": ingress,
  "autoscaling/HorizontalPodAutoscaler": autoscaler,
  "policy/PodDisruptionBudget": disruptionBudget,
  "rbac.authorization.k8s.io/Role": (draft) => policyRules(draft, true),
  "rbac.authorization.k8s.io/ClusterRole": (draft) => policyRules(draft, false),
  "rbac.authorization.k8s.io/RoleBinding": binding,
  "rbac.authorization.k8s.io/ClusterRoleBinding": binding,
  "storage.k8s.io/StorageClass": (draft) => ((draft["provisioner"] ?? "") === "" ? [required("provisioner")] : []),
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
};

/** What a ConfigMap or a Secret holds at most, bytes (core MaxSecretSize). */
const HELD_BYTES_MAX = 1024 * 1024;

function configMap(draft: Draft): readonly FieldError[] {
  const held = heldBytes(draft, "data", "utf8") + heldBytes(draft, "binaryData", "base64");
  // The server names no field of it.
  const size = held > HELD_BYTES_MAX ? [tooLong("[]", HELD_BYTES_MAX)] : [];
  return [...keys(draft, "data"), ...keys(draft, "binaryData"), ...size];
}

function heldBytes(draft: Draft, field: string, encoding: "utf8" | "base64"): number {
  const values = Object.values(at(draft, field) ?? {});
  return values.reduce<number>((sum, value) => sum + Buffer.byteLength(scalarText(value), encoding), 0);
}

function keys(draft: Draft, field: string): readonly FieldError[] {
  const data = draft[field];
  if (!isObject(data)) return [];
  return Object.keys(data).flatMap((key) => {
    const why = problemWith(CONFIG_KEY, key);
    return why === undefined ? [] : [invalidValue(`${field}[${key}]`, key, why)];
  });
}

function secret(draft: Draft): readonly FieldError[] {
  const needed: Readonly<Record<string, readonly string[]>> = {
    "kubernetes.io/dockerconfigjson": [".dockerconfigjson"],
    "kubernetes.io/dockercfg": [".dockercfg"],
    "kubernetes.io/tls": ["tls.crt", "tls.key"],
    "kubernetes.io/ssh-auth": ["ssh-privatekey"],
  };
  const data = at(draft, "data") ?? {};
  const missing = (needed[scalarText(draft["type"])] ?? []).filter((key) => data[key] === undefined);
  const size = heldBytes(draft, "data", "base64") > HELD_BYTES_MAX ? [tooLong("data", HELD_BYTES_MAX)] : [];
  return [...keys(draft, "data"), ...size, ...missing.map((key) => required(`data[${key}]`))];
}

function choice(
  draft: Draft | undefined,
  field: string,
  path: string,
  allowed: readonly string[],
): readonly FieldError[] {
  const value = draft?.[field];
  if (value === undefined || allowed.includes(scalarText(value))) return [];
  return [unsupported(path, value, [...allowed].sort())];
}

const PROTOCOLS = ["SCTP", "TCP", "UDP"];

function service(draft: Draft): readonly FieldError[] {
  const spec = at(draft, "spec") ?? {};
  const ports = each(spec, "ports");
  const needsPorts = spec["type"] !== "ExternalName" && spec["clusterIP"] !== "None";
  const errors: FieldError[] = [];
  if (ports.length === 0 && needsPorts) errors.push(required("spec.ports"));
  if (spec["type"] === "ExternalName" && (spec["externalName"] ?? "") === "")
    errors.push(required("spec.externalName"));
  errors.push(...choice(spec, "sessionAffinity", "spec.sessionAffinity", ["ClientIP", "None"]));
  errors.push(...choice(spec, "type", "spec.type", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]));
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const path = `spec.ports[${index}]`;
    const name = scalarText(port["name"] ?? "");
    if (name === "" && ports.length > 1) errors.push(required(`${path}.name`));
    else if (name !== "") {
      const why = problemWith(DNS_LABEL, name);
      if (why !== undefined) errors.push(invalidValue(`${path}.name`, name, why));
      else if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
      names.add(name);
    }
    errors.push(...portNumber(port["port"], `${path}.port`));
    errors.push(...choice(port, "protocol", `${path}.protocol`, PROTOCOLS));
    const target = port["targetPort"];
    if (typeof target === "number") errors.push(...portNumber(target, `${path}.targetPort`));
  });
  return errors;
}

const PORT_MAX = 65_535;

function portNumber(value: Json | undefined, path: string): readonly FieldError[] {
  const port = Number(value ?? 0);
  return port >= 1 && port <= PORT_MAX ? [] : [invalidValue(path, port, "must be between 1 and 65535, inclusive")];
}

function claim(draft: Draft): readonly FieldError[] {
  const spec = at(draft, "spec") ?? {};
  const modes = spec["accessModes"];
  const errors: FieldError[] = [];
  if (!Array.isArray(modes) || modes.length === 0)
    errors.push(required("spec.accessModes", "at least 1 access mode is required"));
  if (at(spec, "resources", "requests")?.["storage"] === undefined) errors.push(required("spec.resources[storage]"));
  return errors;
}

function workload(draft: Draft, _group: string): readonly FieldError[] {
  const spec = at(draft, "spec") ?? {};
  const errors: FieldError[] = [];
  const replicas = spec["replicas"];
  if (typeof replicas === "number" && replicas < 0)
    errors.push(invalidValue("spec.replicas", replicas, "must be greater than or equal to 0"));
  const selector = at(spec, "selector");
  const labels = at(spec, "template", "metadata", "labels");
  if (selector === undefined) {
    errors.push(required("spec.selector"));
    if (draft["kind"] === "Deployment" || draft["kind"] === "DaemonSet")
      errors.push(
        invalidValue("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`"),
      );
  } else {
    if (Object.keys(selector).length === 0)
      errors.push(invalidValue("spec.selector", {}, "empty selector is invalid for deployment"));
    const matches = Object.entries(at(selector, "matchLabels") ?? {}).every(([key, value]) => labels?.[key] === value);
    if (!matches)
      errors.push(
        invalidValue("spec.template.metadata.labels", labels ?? null, "`selector` does not match template `labels`"),
      );
  }
  const template = at(spec, "template", "spec");
  errors.push(...podErrors(template, "spec.template.spec", "template"));
  const restart = template?.["restartPolicy"];
  if (restart !== undefined && restart !== "Always" && ["OnFailure", "Never"].includes(scalarText(restart)))
    errors.push(unsupported("spec.template.spec.restartPolicy", restart, ["Always"]));
  if (draft["kind"] === "Deployment") {
    const type = scalarText(at(spec, "strategy")?.["type"]);
    if (!["Recreate", "RollingUpdate"].includes(type))
      errors.push(unsupported("spec.strategy", { Type: type, RollingUpdate: null }, ["Recreate", "RollingUpdate"]));
    if (at(spec, "strategy")?.["type"] === "Recreate" && at(spec, "strategy", "rollingUpdate") !== undefined)
      errors.push(
        forbiddenField("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"),
      );
  }
  return errors;
}

function job(draft: Draft): readonly FieldError[] {
  const template = at(draft, "spec", "template", "spec");
  return jobTemplate(template, "spec.template.spec");
}

function jobTemplate(template: Draft | undefined, path: string): readonly FieldError[] {
  const errors = [...podErrors(template, path, "template")];
  const restart = template?.["restartPolicy"] ?? "";
  if (restart === "" || restart === "Always")
    errors.push(required(`${path}.restartPolicy`, `valid values: "OnFailure", "Never"`));
  return errors;
}

function cronJob(draft: Draft): readonly FieldError[] {
  const spec = at(draft, "spec") ?? {};
  const errors: FieldError[] = [];
  if ((spec["schedule"] ?? "") === "") errors.push(required("spec.schedule"));
  errors.push(...choice(spec, "concurrencyPolicy", "spec.concurrencyPolicy", ["Allow", "Forbid", "Replace"]));
  return [
    ...errors,
    ...jobTemplate(at(spec, "jobTemplate", "spec", "template", "spec"), "spec.jobTemplate.spec.template.spec"),
  ];
}

function ingress(draft: Draft): readonly FieldError[] {
  const spec = at(draft, "spec") ?? {};
  const rules = each(spec, "rules");
  const errors: FieldError[] = [];
  if (rules.length === 0 && at(spec, "defaultBackend") === undefined)
    errors.push(invalidValue("spec", spec as JsonObject, "either `defaultBackend` or `rules` must be specified"));
  rules.forEach((rule, index) => {
    const paths = each(at(rule, "http"), "paths");
    const path = `spec.rules[${index}].http`;
    if (at(rule, "http") !== undefined && paths.length === 0) errors.push(required(`${path}.paths`));
    paths.forEach((one, i) => {
      const here = `${path}.paths[${i}]`;
      if ((one["pathType"] ?? "") === "") errors.push(required(`${here}.pathType`, "pathType must be specified"));
      else {
        errors.push(...choice(one, "pathType", `${here}.pathType`, ["Exact", "ImplementationSpecific", "Prefix"]));
        const text = scalarText(one["path"] ?? "");
        if (one["pathType"] !== "ImplementationSpecific" && !text.startsWith("/"))
          errors.push(invalidValue(`${here}.path`, text, "must be an absolute path"));
      }
      errors.push(...backend(at(one, "backend"), `${here}.backend`));
    });
  });
  const fallback = at(spec, "defaultBackend");
  return fallback === undefined ? errors : [...errors, ...backend(fallback, "spec.defaultBackend")];
}

function backend(draft: Draft | undefined, path: string): readonly FieldError[] {
  const [target, resource] = [at(draft, "service"), at(draft, "resource")];
  if (target === undefined && resource === undefined)
    return [required(path, "resource or service backend is required")];
  if (target === undefined) return [];
  const port = at(target, "port") ?? {};
  const errors: FieldError[] = [];
  if ((target["name"] ?? "") === "") errors.push(required(`${path}.service.name`));
  if ((port["name"] ?? "") === "" && (port["number"] ?? 0) === 0)
    errors.push(required(path, "port name or number is required"));
  return errors;
}

function autoscaler(draft: Draft): readonly FieldError[] {
  const spec = at(draft, "spec") ?? {};
  const target = at(spec, "scaleTargetRef") ?? {};
  const errors: FieldError[] = [];
  const [min, max] = [Number(spec["minReplicas"] ?? 1), Number(spec["maxReplicas"] ?? 0)];
  if (min < 1) errors.push(invalidValue("spec.minReplicas", min, "must be greater than or equal to 1"));
  if (max < 1) errors.push(invalidValue("spec.maxReplicas", max, "must be greater than 0"));
  if (max < min) errors.push(invalidValue("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`"));
  for (const field of ["kind", "name"])
    if ((target[field] ?? "") === "") errors.push(required(`spec.scaleTargetRef.${field}`));
  const version = scalarText(target["apiVersion"]);
  if (!version.includes("/") && target["kind"] !== "ReplicationController")
    errors.push(invalidValue("spec.scaleTargetRef.apiVersion", version, "apiVersion must specify API group"));
  return errors;
}

function disruptionBudget(draft: Draft): readonly FieldError[] {
  const spec = at(draft, "spec") ?? {};
  return spec["minAvailable"] !== undefined && spec["maxUnavailable"] !== undefined
    ? [invalidValue("spec", spec as JsonObject, "minAvailable and maxUnavailable cannot be both set")]
    : [];
}

function policyRules(draft: Draft, namespaced: boolean): readonly FieldError[] {
  return each(draft, "rules").flatMap((rule, index) => {
    const path = `rules[${index}]`;
    const none = (field: string): boolean => !Array.isArray(rule[field]) || rule[field].length === 0;
    const errors: FieldError[] = [];
    if (none("verbs")) errors.push(required(`${path}.verbs`, "verbs must contain at least one value"));
    if (!none("nonResourceURLs")) {
      if (namespaced)
        errors.push(
          invalidValue(
            `${path}.nonResourceURLs`,
            rule["nonResourceURLs"] ?? null,
            "namespaced rules cannot apply to non-resource URLs",
          ),
        );
      return errors;
    }
    if (none("apiGroups"))
      errors.push(required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
    if (none("resources"))
      errors.push(required(`${path}.resources`, "resource rules must supply at least one resource"));
    return errors;
  });
}

function binding(draft: Draft): readonly FieldError[] {
  const ref = at(draft, "roleRef") ?? {};
  const kinds = draft["kind"] === "ClusterRoleBinding" ? ["ClusterRole"] : ["Role", "ClusterRole"];
  const errors: FieldError[] = [];
  if (!kinds.includes(scalarText(ref["kind"])))
    errors.push(unsupportedInOrder("roleRef.kind", ref["kind"] ?? "", kinds));
  if ((ref["name"] ?? "") === "") errors.push(required("roleRef.name"));
  each(draft, "subjects").forEach((subject, index) => {
    const path = `subjects[${index}]`;
    if ((subject["name"] ?? "") === "") errors.push(required(`${path}.name`));
    if (subject["kind"] === "ServiceAccount" && (subject["namespace"] ?? "") === "")
      errors.push(required(`${path}.namespace`));
    else if (!["ServiceAccount", "User", "Group"].includes(scalarText(subject["kind"])))
      errors.push(unsupportedInOrder(`${path}.kind`, subject["kind"] ?? "", ["ServiceAccount", "User", "Group"]));
  });
  return errors;
}

function unsupportedInOrder(path: string, value: Json, allowed: readonly string[]): FieldError {
  return {
    ...unsupported(path, value, allowed),
    message: `Unsupported value: ${valueText(value)}: supported values: ${allowed.map((a) => `"${a}"`).join(", ")}`,
  };
}

function definition(draft: Draft): readonly FieldError[] {
  const [spec, name] = [at(draft, "spec") ?? {}, scalarText(at(draft, "metadata")?.["name"] ?? "")];
  const names = at(spec, "names") ?? {};
  const errors: FieldError[] = [];
  const wanted = `${scalarText(names["plural"] ?? "")}.${scalarText(spec["group"] ?? "")}`;
  if (name !== wanted) errors.push(invalidValue("metadata.name", name, `must be spec.names.plural+"."+spec.group`));
  if ((spec["group"] ?? "") === "") errors.push(required("spec.group"));
  errors.push(...choice(spec, "scope", "spec.scope", ["Cluster", "Namespaced"]));
  const versions = each(spec, "versions");
  if (versions.filter((version) => version["storage"] === true).length !== 1)
    errors.push(
      invalidValue(
        "spec.versions",
        spec["versions"] ?? null,
        "must have exactly one version marked as storage version",
      ),
    );
  for (const field of ["plural", "singular", "kind", "listKind"])
    if ((names[field] ?? "") === "") errors.push(required(`spec.names.${field}`));
  versions.forEach((version, index) => {
    if (at(version, "schema", "openAPIV3Schema") === undefined)
      errors.push(required(`spec.versions[${index}].schema.openAPIV3Schema`, "schemas are required"));
  });
  return errors;
}
