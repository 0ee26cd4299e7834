import { duplicate, type FieldError, forbiddenField, invalidValue, required, unsupported } from "../api/status.ts";
import { compareQuantities } from "../schema/quantity.ts";
import { at, type Draft, each, scalarText } from "./draft.ts";
import { DNS_LABEL, problemWith } from "./names.ts";

const PORT_MAX = 65_535;

/** What a pod's spec must be like, as far as manifests get it wrong (pkg/apis/core/validation). */
export function podErrors(spec: Draft | undefined, path: string, _of: "pod" | "template"): readonly FieldError[] {
  const containers = each(spec, "containers");
  const errors: FieldError[] = [];
  const volumes = volumeNames(spec, path, errors);
  if (containers.length === 0) errors.push(required(`${path}.containers`));
  const names = new Set<string>();
  for (const list of ["containers", "initContainers"])
    each(spec, list).forEach((container, index) => {
      errors.push(...containerErrors(container, `${path}.${list}[${index}]`, names, volumes));
    });
  const restart = spec?.["restartPolicy"];
  if (restart !== undefined && !["Always", "OnFailure", "Never"].includes(scalarText(restart)))
    errors.push(unsupported(`${path}.restartPolicy`, restart, ["Always", "Never", "OnFailure"]));
  return errors;
}

/** In the order in which the server looks at them. */
const VOLUME_SOURCES =
  "emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs persistentVolumeClaim rbd flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume quobyte photonPersistentDisk portworxVolume azureDisk storageos projected scaleIO csi ephemeral image".split(
    " ",
  );

function volumeNames(spec: Draft | undefined, path: string, errors: FieldError[]): ReadonlySet<string> {
  const names = new Set<string>();
  each(spec, "volumes").forEach((volume, index) => {
    const at = `${path}.volumes[${index}].name`;
    const name = scalarText(volume["name"] ?? "");
    const why = problemWith(DNS_LABEL, name);
    if (name === "") errors.push(required(at));
    else if (why !== undefined) errors.push(invalidValue(at, name, why));
    else if (names.has(name)) errors.push(duplicate(at, name));
    names.add(name);
    const sources = VOLUME_SOURCES.filter((key) => volume[key] !== undefined);
    for (const source of sources.slice(1))
      errors.push(forbiddenField(`${path}.volumes[${index}].${source}`, "may not specify more than 1 volume type"));
  });
  return names;
}

function containerErrors(
  container: Draft,
  path: string,
  names: Set<string>,
  volumes: ReadonlySet<string>,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const name = scalarText(container["name"] ?? "");
  const why = problemWith(DNS_LABEL, name);
  if (name === "") errors.push(required(`${path}.name`));
  else if (why !== undefined) errors.push(invalidValue(`${path}.name`, name, why));
  else if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
  names.add(name);
  if ((container["image"] ?? "") === "") errors.push(required(`${path}.image`));
  const pull = scalarText(container["imagePullPolicy"] ?? "");
  if (pull !== "" && !["Always", "IfNotPresent", "Never"].includes(pull))
    errors.push(unsupported(`${path}.imagePullPolicy`, pull, ["Always", "IfNotPresent", "Never"]));
  const portNames = new Set<string>();
  each(container, "ports").forEach((port, index) => {
    const portName = scalarText(port["name"]);
    if (portName !== "" && portNames.has(portName)) errors.push(duplicate(`${path}.ports[${index}].name`, portName));
    portNames.add(portName);
    const number = Number(port["containerPort"] ?? 0);
    const here = `${path}.ports[${index}].containerPort`;
    if (number === 0) errors.push(required(here));
    else if (number < 1 || number > PORT_MAX)
      errors.push(invalidValue(here, number, "must be between 1 and 65535, inclusive"));
  });
  each(container, "env").forEach((env, index) => {
    if ((env["name"] ?? "") === "") errors.push(required(`${path}.env[${index}].name`));
  });
  each(container, "volumeMounts").forEach((mount, index) => {
    const here = `${path}.volumeMounts[${index}]`;
    const volume = scalarText(mount["name"] ?? "");
    if (volume === "") errors.push(required(`${here}.name`));
    else if (!volumes.has(volume))
      errors.push({
        reason: "FieldValueNotFound",
        field: `${here}.name`,
        message: `Not found: ${JSON.stringify(volume)}`,
      });
    if ((mount["mountPath"] ?? "") === "") errors.push(required(`${here}.mountPath`));
  });
  for (const probe of ["livenessProbe", "readinessProbe", "startupProbe"])
    errors.push(...handlerErrors(at(container, probe), `${path}.${probe}`));
  return [...errors, ...resourceErrors(container, path)];
}

const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc"];

/** A probe does exactly one thing. */
function handlerErrors(probe: Draft | undefined, path: string): readonly FieldError[] {
  if (probe === undefined) return [];
  const given = HANDLERS.filter((handler) => probe[handler] !== undefined);
  if (given.length === 0) return [required(path, "must specify a handler type")];
  return given
    .slice(1)
    .map((handler) => forbiddenField(`${path}.${handler}`, "may not specify more than 1 handler type"));
}

function resourceErrors(container: Draft, path: string): readonly FieldError[] {
  const [requests, limits] = [at(container, "resources", "requests"), at(container, "resources", "limits")];
  return Object.entries(requests ?? {}).flatMap(([name, request]) => {
    const limit = limits?.[name];
    if (limit === undefined || (compareQuantities(scalarText(request), scalarText(limit)) ?? 0) <= 0) return [];
    return [
      invalidValue(
        `${path}.resources.requests`,
        request,
        `must be less than or equal to ${name} limit of ${scalarText(limit)}`,
      ),
    ];
  });
}
