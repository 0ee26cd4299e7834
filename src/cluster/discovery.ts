import { child, isObject, type Json, type JsonObject, text } from "../model/index.ts";
import { readJson } from "./json-exact.ts";
import type { Answer, Kind, Kinds } from "./port.ts";
import { decodeProblem } from "./problem.ts";
import type { Request, Send } from "./send.ts";

const GROUPS = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const GROUPS_BETA = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
const ACCEPT = `${GROUPS},${GROUPS_BETA},application/json`;

/** A resource as one group version serves it. */
interface Served {
  readonly kind: string;
  readonly resource: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
}

/** A group's versions, preferred first. `failed`: some version of it could not be asked. */
interface Group {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly served: readonly Served[] }[];
  readonly failed: boolean;
}

/**
 * Two requests where the server aggregates discovery (1.26 and later), else one for each group version. A group whose
 * server does not answer, or answered long ago (`Stale`), is named in `failedGroups` and hides no other.
 */
export async function discover(send: Send, signal: AbortSignal): Promise<Answer<Kinds>> {
  const roots = await Promise.all([ask(send, "/api", ACCEPT, signal), ask(send, "/apis", ACCEPT, signal)]);
  const groups: Group[] = [];
  for (const root of roots) {
    if (!root.ok) return root;
    if (root.value["kind"] === "APIGroupDiscoveryList") {
      groups.push(...objects(root.value["items"]).map(aggregated));
    } else if (root.value["kind"] === "APIVersions") {
      const core = strings(root.value["versions"]).map((version) => ({ version, path: `/api/${version}` }));
      groups.push(await oneByOne(send, "", core, signal));
    } else if (root.value["kind"] === "APIGroupList") {
      const asked = objects(root.value["groups"]).map((group) =>
        oneByOne(send, text(group, "name") ?? "", paths(group), signal),
      );
      groups.push(...(await Promise.all(asked)));
    } else {
      return { ok: false, problem: decodeProblem("discovery answered with something else", { write: false }) };
    }
  }
  if (!groups.some(({ name, versions }) => name === "" && versions.length > 0)) {
    return { ok: false, problem: decodeProblem("discovery lists no core group", { write: false }) };
  }
  return {
    ok: true,
    value: {
      kinds: groups.flatMap(kindsOf),
      failedGroups: groups.filter(({ failed }) => failed).map(({ name }) => name),
    },
  };
}

/** Each kind once, in the most preferred version that serves it. */
function kindsOf({ name: group, versions }: Group): readonly Kind[] {
  const resources = new Set(versions.flatMap(({ served }) => served.map(({ resource }) => resource)));
  return [...resources].flatMap((resource) => {
    const serving = versions.flatMap(({ version, served }) => {
      const found = served.find((one) => one.resource === resource);
      return found === undefined ? [] : [{ version, found }];
    });
    const [first] = serving;
    if (first === undefined) return [];
    return [{ group, version: first.version, versions: serving.map(({ version }) => version), ...first.found }];
  });
}

function aggregated(item: JsonObject): Group {
  const versions = objects(item["versions"]);
  return {
    name: text(child(item, "metadata"), "name") ?? "",
    versions: versions.map((version) => ({
      version: text(version, "version") ?? "",
      served: objects(version["resources"]).flatMap((resource) =>
        served(
          text(child(resource, "responseKind"), "kind"),
          text(resource, "resource"),
          resource["scope"] === "Namespaced",
          resource,
        ),
      ),
    })),
    failed: versions.some((version) => version["freshness"] === "Stale"),
  };
}

/** A group of a server that does not aggregate: a list for each version. */
async function oneByOne(
  send: Send,
  name: string,
  asked: readonly { readonly version: string; readonly path: string }[],
  signal: AbortSignal,
): Promise<Group> {
  const answers = await Promise.all(
    asked.map(async ({ version, path }) => ({ version, answer: await ask(send, path, "application/json", signal) })),
  );
  return {
    name,
    versions: answers.map(({ version, answer }) => ({
      version,
      served: (answer.ok ? objects(answer.value["resources"]) : []).flatMap((resource) =>
        served(text(resource, "kind"), text(resource, "name"), resource["namespaced"] === true, resource),
      ),
    })),
    failed: answers.some(({ answer }) => !answer.ok || answer.value["kind"] !== "APIResourceList"),
  };
}

function served(
  kind: string | undefined,
  resource: string | undefined,
  namespaced: boolean,
  entry: JsonObject,
): readonly Served[] {
  if (!kind || !resource || resource.includes("/")) return []; // a slash: a subresource, in the older lists
  return [{ kind, resource, namespaced, verbs: strings(entry["verbs"]), shortNames: strings(entry["shortNames"]) }];
}

/** A group's versions in the older list, preferred first. */
function paths(group: JsonObject): readonly { readonly version: string; readonly path: string }[] {
  const preferred = text(child(group, "preferredVersion"), "version");
  const versions = objects(group["versions"]).map((one) => text(one, "version") ?? "");
  return versions
    .toSorted((a, b) => Number(b === preferred) - Number(a === preferred))
    .map((version) => ({ version, path: `/apis/${text(group, "name") ?? ""}/${version}` }));
}

async function ask(send: Send, path: string, accept: string, signal: AbortSignal): Promise<Answer<JsonObject>> {
  const request: Request = { method: "GET", path, accept, repeatable: true, secret: false };
  const answer = await send(request, signal);
  if (!answer.ok) return answer;
  try {
    const value = readJson(answer.value.text);
    if (isObject(value)) return { ok: true, value };
  } catch {
    // said below
  }
  return { ok: false, problem: decodeProblem(`the answer of ${path} is not JSON`, { write: false }) };
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function strings(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
}
