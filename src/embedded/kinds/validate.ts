import { isObject, type Json, type JsonObject } from "../../model/index.ts";
import { type FieldError, forbiddenField, invalidValue, required } from "../api/status.ts";
import { equal } from "../merge/equal.ts";
import { at, type Draft, scalarText } from "./draft.ts";
import {
  DNS_LABEL,
  DNS_SUBDOMAIN,
  type NameRule,
  PATH_SEGMENT,
  problemWith,
  QUALIFIED,
  SERVICE_NAME,
} from "./names.ts";
import type { Served } from "./registry.ts";
import { rulesOf } from "./rules.ts";

const nameRules: Readonly<Record<string, NameRule>> = {
  "/Namespace": DNS_LABEL,
  "/Service": SERVICE_NAME,
  "rbac.authorization.k8s.io/Role": PATH_SEGMENT,
  "rbac.authorization.k8s.io/RoleBinding": PATH_SEGMENT,
  "rbac.authorization.k8s.io/ClusterRole": PATH_SEGMENT,
  "rbac.authorization.k8s.io/ClusterRoleBinding": PATH_SEGMENT,
};

/** What every object's metadata must be like (apimachinery validation.ValidateObjectMeta). */
export function checkMetadata(served: Served, object: JsonObject): readonly FieldError[] {
  const meta = isObject(object["metadata"]) ? object["metadata"] : {};
  const name = typeof meta["name"] === "string" ? meta["name"] : "";
  const rule = nameRules[`${served.group}/${served.kind}`] ?? DNS_SUBDOMAIN;
  const why = problemWith(rule, name);
  const naming =
    name === ""
      ? [required("metadata.name", "name or generateName is required")]
      : why === undefined
        ? []
        : [invalidValue("metadata.name", name, why)];
  return [...naming, ...checkLabels(meta["labels"], "metadata.labels"), ...checkAnnotations(meta["annotations"])];
}

const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const LABEL_VALUE_MAX = 63;

function checkLabels(labels: Json | undefined, path: string): readonly FieldError[] {
  if (!isObject(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => {
    const why = problemWith(QUALIFIED, key);
    const text = scalarText(value);
    const errors = why === undefined ? [] : [invalidValue(path, key, why)];
    if (text.length > LABEL_VALUE_MAX)
      errors.push(invalidValue(path, text, `must be no more than ${LABEL_VALUE_MAX} characters`));
    if (!/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(text)) errors.push(invalidValue(path, text, LABEL_VALUE));
    return errors;
  });
}

function checkAnnotations(annotations: Json | undefined): readonly FieldError[] {
  if (!isObject(annotations)) return [];
  return Object.keys(annotations).flatMap((key) => {
    const why = problemWith(QUALIFIED, key.toLowerCase());
    return why === undefined ? [] : [invalidValue("metadata.annotations", key, why)];
  });
}

/** What an object of this kind must be like. */
export function checkObject(served: Served, object: JsonObject): readonly FieldError[] {
  if (served.custom !== undefined) return served.custom.errors(object);
  return rulesOf[`${served.group}/${served.kind}`]?.(object as Draft) ?? [];
}

/** Fields that a kind never lets change, in the server's words. */
interface Frozen {
  readonly path: string;
  readonly detail?: string;
  /** Only when it is set already. */
  readonly onceSet?: boolean;
}

const IMMUTABLE = "field is immutable";

const frozen: Readonly<Record<string, readonly Frozen[]>> = {
  "apps/Deployment": [{ path: "spec.selector" }],
  "apps/ReplicaSet": [{ path: "spec.selector" }],
  "apps/DaemonSet": [{ path: "spec.selector" }],
  "batch/Job": [
    { path: "spec.completions" },
    { path: "spec.selector" },
    { path: "spec.template" },
    { path: "spec.completionMode" },
  ],
  "/Secret": [{ path: "type" }],
  "rbac.authorization.k8s.io/RoleBinding": [{ path: "roleRef", detail: "cannot change roleRef" }],
  "rbac.authorization.k8s.io/ClusterRoleBinding": [{ path: "roleRef", detail: "cannot change roleRef" }],
  "storage.k8s.io/StorageClass": [],
  "apiextensions.k8s.io/CustomResourceDefinition": [
    { path: "spec.scope" },
    { path: "spec.group" },
    { path: "spec.names.plural" },
    { path: "spec.names.kind" },
  ],
};

/** Some values are printed as the server's internal types, whose fields begin with capitals. */
function internalText(path: string, value: Json): Json {
  if (path !== "roleRef" || !isObject(value)) return value;
  return { APIGroup: value["apiGroup"] ?? "", Kind: value["kind"] ?? "", Name: value["name"] ?? "" };
}

/** What may not change from one state to the next. */
export function checkUpdate(served: Served, live: JsonObject, object: JsonObject): readonly FieldError[] {
  const kind = `${served.group}/${served.kind}`;
  const changed = (frozen[kind] ?? []).flatMap(({ path, detail }) => {
    const [before, after] = [valueAt(live, path), valueAt(object, path)];
    return equal(before, after) ? [] : [invalidValue(path, internalText(path, after ?? null), detail ?? IMMUTABLE)];
  });
  return [...changed, ...(special[kind]?.(live, object) ?? [])];
}

const special: Readonly<Record<string, (live: JsonObject, object: JsonObject) => readonly FieldError[]>> = {
  "/ConfigMap": (live, object) => immutableData("ConfigMap", ["data", "binaryData"], live, object),
  "/Secret": (live, object) => immutableData("Secret", ["data"], live, object),
  "/Service": (live, object) => {
    const [before, after] = [valueAt(live, "spec.clusterIP"), valueAt(object, "spec.clusterIP")];
    const isSet = before !== undefined && before !== "" && valueAt(object, "spec.type") !== "ExternalName";
    const [was, now] = [valueAt(live, "spec.clusterIPs"), valueAt(object, "spec.clusterIPs")];
    if (!isSet || valueAt(live, "spec.type") === "ExternalName") return [];
    const changed = Array.isArray(was) && Array.isArray(now) && !equal(was[0], now[0]);
    return changed || !equal(before, after)
      ? [invalidValue("spec.clusterIPs[0]", now ?? null, "may not change once set")]
      : [];
  },
  "/PersistentVolumeClaim": (live, object) => {
    const open = (o: JsonObject): Json => {
      const spec = valueAt(o, "spec");
      if (!isObject(spec)) return null;
      const { resources: _, volumeAttributesClassName: __, ...rest } = spec;
      return rest;
    };
    return equal(open(live), open(object))
      ? []
      : [
          forbiddenField(
            "spec",
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
          ),
        ];
  },
  "apps/StatefulSet": (live, object) => {
    const open = (o: JsonObject): Json => {
      const spec = valueAt(o, "spec");
      if (!isObject(spec)) return null;
      const kept: Record<string, Json> = { ...spec };
      for (const key of [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
      ])
        delete kept[key];
      return kept;
    };
    return equal(open(live), open(object))
      ? []
      : [
          forbiddenField(
            "spec",
            "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
          ),
        ];
  },
  "storage.k8s.io/StorageClass": (live, object) =>
    ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"].flatMap((key) =>
      equal(live[key], object[key]) ? [] : [forbiddenField(key, `updates to ${key} are forbidden.`)],
    ),
  "scheduling.k8s.io/PriorityClass": (live, object) =>
    equal(live["value"] ?? 0, object["value"] ?? 0)
      ? []
      : [forbiddenField("value", "may not be changed in an update.")],
};

function immutableData(
  kind: string,
  fields: readonly string[],
  live: JsonObject,
  object: JsonObject,
): readonly FieldError[] {
  if (live["immutable"] !== true) return [];
  const errors =
    object["immutable"] === true ? [] : [forbiddenField("immutable", "field is immutable when `immutable` is set")];
  return [
    ...errors,
    ...fields.flatMap((field) =>
      equal(live[field], object[field]) ? [] : [forbiddenField(field, "field is immutable when `immutable` is set")],
    ),
  ].filter(() => kind !== "");
}

function valueAt(object: JsonObject, path: string): Json | undefined {
  const keys = path.split(".");
  return at(object as Draft, ...keys.slice(0, -1))?.[keys.at(-1) ?? ""];
}
