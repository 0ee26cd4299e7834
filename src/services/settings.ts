import {
  type BrokenService,
  DEFAULT_DELETE_LIMIT,
  type Failure,
  failed,
  ok,
  type Place,
  placeText,
  type Result,
  type Service,
  type Tree,
} from "../model/index.ts";
import {
  isOfService,
  type Layer,
  MISNAMED_SETTINGS,
  NO_POLICY,
  type Policy,
  readPolicy,
  readServiceSettings,
  SETTINGS_FILE,
  settle,
} from "../policy/index.ts";
import { type Defined, usualTimeoutMs } from "./flux.ts";
import { sourcesOf } from "./overlay.ts";
import { folderOf, isWithin, nameOf } from "./paths.ts";
import { DEFINITION_BYTES_MAX, type Definitions, newDefinitions, newReader, type Reader } from "./reader.ts";

export type PolicyStep =
  | { readonly kind: "found"; readonly policy: Result<Policy> }
  /** Content that must be at hand before asking again; paths relative to the root. */
  | { readonly kind: "needs"; readonly paths: readonly string[] };

/**
 * The settings of a revision: of `gitops.yaml` in `path`, else at the root, else none. The nearer file stands for
 * all of the other. One that cannot be read is a failure and not no settings: it may say what must not be touched.
 */
export function findPolicy(
  tree: Tree,
  path: string,
  loaded: (id: string) => boolean,
  known: Definitions = newDefinitions(),
): PolicyStep {
  const reader = newReader(tree, loaded, known);
  for (const file of policyFiles(path)) {
    const text = settingsText(tree, file, reader);
    if (reader.missing.size > 0) return { kind: "needs", paths: [...reader.missing] };
    if (text === undefined) continue;
    if (!text.ok) return { kind: "found", policy: failed(...text.failures.map(asUsage)) };
    if (isOfService(text.value, file, siblingsOf(tree, file))) continue;
    return { kind: "found", policy: readPolicy(text.value, file) };
  }
  return { kind: "found", policy: ok(NO_POLICY) };
}

interface Around {
  readonly tree: Tree;
  readonly path: string;
  readonly policy: Policy;
  readonly reader: Reader;
}

/**
 * Services with all their settings: what is usual, the defaults of the revision, what the definition says, entries that
 * match, and the file in the folder, the last one wins. A service whose settings cannot be read is broken.
 */
export function settleAll(
  services: readonly Defined[],
  around: Around,
): { readonly services: readonly Service[]; readonly broken: readonly BrokenService[] } {
  const settled: Service[] = [];
  const broken: BrokenService[] = [];
  const usualLimit = { ...DEFAULT_DELETE_LIMIT, ...around.policy.breaker.service };
  for (const { said, labels, ...service } of services) {
    const entries = around.policy.entries.filter((entry) => entry.matches(service.id));
    const own = folderLayer(service, around);
    const failures = [...entries.flatMap((entry) => entry.failures), ...(own?.ok === false ? own.failures : [])];
    if (failures.length > 0) {
      broken.push({ id: service.id, at: service.at, failures, sources: sourcesOf(service) });
      continue;
    }
    const layers = [
      around.policy.defaults,
      tenantLayer(service, labels, around),
      ...(said === undefined ? [] : [said]),
      ...entries.map(({ layer }) => withoutItself(layer, service.id)),
      ...(own?.ok === true ? [own.value] : []),
    ];
    const { settings, from } = settle({ ...service.settings, tenant: "" }, layers, usualLimit);
    // Flux's usual timeout follows from the interval, whoever set that.
    const isUsual = service.origin === "flux" && from.timeoutMs === undefined;
    const timeoutMs = isUsual ? usualTimeoutMs(settings.intervalMs) : settings.timeoutMs;
    settled.push({ ...service, settings: { ...settings, timeoutMs }, settingsFrom: from });
  }
  return { services: settled, broken: [...broken, ...wrongForNobody(services, around.policy)] };
}

/** Entries that are wrong and match no service here fail nothing else, and would never be seen. */
function wrongForNobody(services: readonly Service[], { entries }: Policy): readonly BrokenService[] {
  return entries
    .filter((entry) => entry.failures.length > 0 && !services.some(({ id }) => entry.matches(id)))
    .map(({ at, failures }) => ({ id: placeText(at), at, failures, sources: [] }));
}

/** Settings in folders that are built, but not as services, or of a service that is not there: they are for nobody. */
export function strayFiles(
  files: readonly string[],
  services: readonly { readonly folder: string }[],
  kustomized: readonly string[],
  { tree, path, policy }: Pick<Around, "tree" | "path" | "policy">,
): readonly { readonly at: Place; readonly why: string }[] {
  const taken = new Set(services.map(({ folder }) => folder));
  const built = new Set(kustomized);
  const misnamed = [...new Set([...files, MISNAMED_SETTINGS])]
    .filter((file) => nameOf(file) === MISNAMED_SETTINGS && tree.entry(file)?.kind === "blob")
    .map((file) => ({ at: { path: file }, why: `not read: settings are in files named ${SETTINGS_FILE}` }));
  const stray = files
    .filter((file) => nameOf(file) === SETTINGS_FILE && file !== policy.file && !taken.has(folderOf(file)))
    .filter((file) => built.has(folderOf(file)) || policyFiles(path).includes(file))
    .map((file) => ({ at: { path: file }, why: "named like settings, but its folder is not that of a service" }));
  return [...misnamed, ...stray];
}

/** An entry for many services may name one of them as what goes first. */
function withoutItself({ says, from }: Layer, id: string): Layer {
  if (says.dependsOn?.includes(id) !== true) return { says, from };
  return { says: { ...says, dependsOn: says.dependsOn.filter((one) => one !== id) }, from };
}

function tenantLayer(service: Service, labels: Defined["labels"], { path, policy: { tenantFrom } }: Around): Layer {
  const written = tenantFrom.kind === "label" ? labels?.[tenantFrom.key] : namespaceOf(service);
  if (written !== undefined && written !== "") return { says: { tenant: written }, from: { tenant: service.at } };
  const folder = tenantFrom.kind === "label" ? undefined : firstFolder(service, path);
  return folder === undefined || folder === "" ? { says: {}, from: {} } : { says: { tenant: folder }, from: {} };
}

/** Readers of definitions leave a Flux document's namespace as the tenant. */
function namespaceOf({ origin, settings }: Service): string | undefined {
  return origin === "flux" && settings.tenant !== "" ? settings.tenant : undefined;
}

function firstFolder({ origin, folder }: Service, path: string): string | undefined {
  if (origin === "documents") return undefined;
  const inside = path !== "" && isWithin(folder, path) ? folder.slice(path.length + 1) : folder;
  return inside.split("/")[0];
}

/** What the file in a service's folder says; undefined when there is none, or it is the revision's. */
function folderLayer({ folder, origin }: Service, { tree, path, policy, reader }: Around): Result<Layer> | undefined {
  const file = folder === "" ? SETTINGS_FILE : `${folder}/${SETTINGS_FILE}`;
  if (file === policy.file || origin === "documents") return undefined;
  const text = settingsText(tree, file, reader);
  if (text === undefined || !text.ok) return text;
  const isOther = policyFiles(path).includes(file) && !isOfService(text.value, file, siblingsOf(tree, file));
  // One of a revision that is not taken, as a nearer one is; a manifest, which is neither, is refused.
  if (isOther && readPolicy(text.value, file).ok) return undefined;
  return readServiceSettings(text.value, file);
}

/** Where settings of a revision may be, the nearer one first. */
function policyFiles(path: string): readonly string[] {
  return path === "" ? [SETTINGS_FILE] : [`${path}/${SETTINGS_FILE}`, SETTINGS_FILE];
}

/** The text of a settings file; undefined when there is none, or it is not loaded yet. */
function settingsText(tree: Tree, file: string, reader: Reader): Result<string> | undefined {
  const entry = tree.entry(file);
  if (entry === undefined) return undefined;
  if (entry.kind === "blob" && entry.size <= DEFINITION_BYTES_MAX) {
    const text = reader.text(file);
    return text === undefined ? undefined : ok(text);
  }
  const what = entry.kind === "blob" ? `a file of more than ${DEFINITION_BYTES_MAX / 1024} KiB` : NOUNS[entry.kind];
  return failed({
    code: "service/invalid-settings",
    message: `${file} is ${what}, so its settings cannot be read`,
    remedy: "make it a file of settings, or remove it",
    at: { path: file },
  });
}

const NOUNS = { tree: "a folder", symlink: "a symbolic link", gitlink: "a submodule" } as const;

function siblingsOf(tree: Tree, file: string): readonly string[] {
  const slash = file.lastIndexOf("/");
  return tree.list(slash < 0 ? "" : file.slice(0, slash)) ?? [];
}

function asUsage(failure: Failure): Failure {
  return { ...failure, code: "usage/invalid-settings" };
}
