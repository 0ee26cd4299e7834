import {
  type BrokenService,
  DEFAULT_SETTINGS,
  type Discovery,
  type Failure,
  isObject,
  type JsonObject,
  type Manifest,
  type Place,
  type Service,
  type Tree,
  text,
} from "../model/index.ts";
import { NO_POLICY, type Policy } from "../policy/index.ts";
import { type Broken, type Defined, FLUX_GROUP, isFluxKustomization } from "./flux.ts";
import { FLUX_OWN_FILES, readFluxFiles } from "./flux-files.ts";
import { plainFolders } from "./folders.ts";
import { componentFolders, sourcesOf } from "./overlay.ts";
import { folderOf, isWithin, nameOf, withFolders } from "./paths.ts";
import {
  DEFINITION_BYTES_MAX,
  type Definitions,
  KUSTOMIZATION_NAMES,
  newDefinitions,
  newReader,
  type Reader,
} from "./reader.ts";
import { settleAll, strayFiles } from "./settings.ts";

export type DiscoveryStep =
  | { readonly kind: "done"; readonly discovery: Discovery }
  /** Content that must be at hand before asking again; paths relative to the root. */
  | { readonly kind: "needs"; readonly paths: readonly string[] };

/**
 * Which services a revision has below `path` ("" is the whole repository): (a) every Flux Kustomization document, by content,
 * at any depth and under any file name; (b) every folder with a kustomization file that no other discovered folder includes;
 * (c) where there are Flux documents and `path` is not the root, the other objects beside them as one service, as the Flux
 * Kustomization of `path` itself would apply them.
 *
 * Settings of elsewhere, of `policy` and of the services' folders, go below and above what definitions say.
 *
 * Pure over the tree. It asks for content in rounds: load what it needs and call it again. Source: the layout rules of
 * kustomize.toolkit.fluxcd.io and of a release repository with `clusters/<env>/…` beside `<env>/releases/…`.
 */
export function discover(
  tree: Tree,
  path: string,
  loaded: (id: string) => boolean,
  known: Definitions = newDefinitions(),
  policy: Policy = NO_POLICY,
): DiscoveryStep {
  const files = filesBelow(tree, path);
  const reader = newReader(tree, loaded, known);
  const flux = readFluxFiles(tree, files, reader, known);
  const { parents, services } = splitParents(flux.services);
  // A parent is not applied: what it points at is searched like `path` itself.
  for (const parent of parents) {
    if (isWithin(parent.folder, path)) continue;
    const more = readFluxFiles(tree, filesBelow(tree, parent.folder), reader, known);
    services.push(...splitParents(more.services).services.filter(({ id }) => !services.some((s) => s.id === id)));
    flux.broken.push(...more.broken);
  }
  flux.broken.push(...parents.flatMap(changingParent));
  const taken = [
    ...services.flatMap(({ folder, settings }) => [folder, ...componentFolders(folder, settings.overlay)]),
    ...flux.broken
      .flatMap(({ unreadable, sources }) => (unreadable ? [] : sources))
      .filter((source) => tree.entry(source)?.kind !== "blob"),
  ];
  const plain = plainFolders(
    tree,
    path,
    files.filter((file) => !FLUX_OWN_FILES.test(file)),
    taken,
    reader,
  );
  for (const { folder, file } of plain.found) {
    const why = "it has a kustomization file, and no other service includes it";
    const id = folder === "" ? "." : folder;
    services.push({ id, origin: "folder", folder, at: { path: file, line: 1 }, why, settings: DEFAULT_SETTINGS });
  }
  // What lies in a folder with a kustomization file is for whoever takes that folder in, never an object as it stands.
  const kustomized = files.filter((file) => KUSTOMIZATION_NAMES.includes(nameOf(file))).map(folderOf);
  const inhabited = [...taken, ...plain.found.map(({ folder }) => folder), ...kustomized];
  const beside =
    path === "" || flux.services.length + flux.broken.length === 0
      ? undefined
      : besideFlux(
          path,
          files.filter((file) => file !== policy.file),
          inhabited,
          reader,
        );
  if (beside?.service !== undefined) services.push(beside.service);
  const settled = settleAll(services, { tree, path, policy, reader });
  reader.keep();
  if (reader.missing.size > 0) return { kind: "needs", paths: [...reader.missing].sort() };
  const unsettled = settled.broken.map((one) => ({ ...one, unreadable: false }));
  const broken = [...flux.broken, ...(beside?.broken ?? []), ...unsettled, ...tooLarge(tree, files, inhabited)];
  const missing = settled.services.filter(({ folder }) => tree.entry(folder)?.kind !== "tree" && folder !== "");
  const present = settled.services.filter((service) => !missing.includes(service));
  const unique = withoutDuplicates(present, [...broken, ...missing.map(withoutFolder)]);
  return {
    kind: "done",
    discovery: {
      services: unique.services,
      broken: unique.broken,
      complete: !broken.some(({ unreadable }) => unreadable),
      ignored: [
        ...parents.map(({ at, id }) => ({
          at,
          why: `Flux Kustomization ${id} points at other Kustomizations, which are taken one by one`,
        })),
        ...plain.ignored.map(({ file }) => ({
          at: { path: file },
          why: "a Component is built only where it is included",
        })),
        ...(beside?.ignored ?? []),
        ...strayFiles(files, services, kustomized, { tree, path, policy }),
        ...(policy.file === undefined
          ? []
          : [{ at: { path: policy.file }, why: "it holds settings for all services" }]),
      ],
    },
  };
}

/** Files too large to be looked into, which may define services, unless they lie where objects are taken in. */
function tooLarge(tree: Tree, files: readonly string[], inhabited: readonly string[]): readonly Broken[] {
  return files
    .filter((file) => (tree.entry(file)?.size ?? 0) > DEFINITION_BYTES_MAX)
    .filter((file) => !inhabited.some((folder) => isWithin(file, folder)))
    .map((file) => {
      const failure: Failure = {
        code: "build/too-large",
        message: `${file} has more than ${DEFINITION_BYTES_MAX / 1024} KiB, so it is not searched for services`,
        remedy: "split it, or move it below a folder that a service takes in",
        at: { path: file },
      };
      return { id: file, at: { path: file }, failures: [failure], sources: [file], unreadable: true };
    });
}

function filesBelow(tree: Tree, path: string): readonly string[] {
  const files: string[] = [];
  const pending = [path];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const name of tree.list(folder) ?? []) {
      const child = folder === "" ? name : `${folder}/${name}`;
      const kind = tree.entry(child)?.kind;
      if (kind === "tree") pending.push(child);
      else if (kind === "blob" && (/\.ya?ml$/.test(name) || KUSTOMIZATION_NAMES.includes(name))) files.push(child);
    }
  }
  return files.sort();
}

/** A Kustomization whose folder holds the documents of others (or its own) is a parent: it applies Kustomizations, not objects. */
function splitParents(found: readonly Defined[]): {
  readonly parents: readonly Service[];
  readonly services: Defined[];
} {
  const holding = new Set(found.flatMap(({ at }) => withFolders(folderOf(at.path))));
  const isParent = ({ folder }: Service): boolean => holding.has(folder);
  return { parents: found.filter(isParent), services: found.filter((service) => !isParent(service)) };
}

/** A parent that changes the Kustomizations it applies cannot be taken apart: they would be applied without the change. */
function changingParent(parent: Service): readonly Broken[] {
  const { id, at, settings } = parent;
  const { at: _at, commonMetadata: _metadata, images: _images, ...changes } = settings.overlay ?? { at };
  const failures = Object.keys(changes).map(
    (field): Failure => ({
      code: "service/unsupported-field",
      message: `spec.${field} of a Kustomization that applies other Kustomizations is not supported yet`,
      remedy: "write what it changes into the documents of these Kustomizations",
      at,
    }),
  );
  return failures.length === 0 ? [] : [{ id, at, failures, sources: sourcesOf(parent), unreadable: false }];
}

/** A folder that is gone is no request to delete everything that came from it. */
function withoutFolder({ id, at, folder }: Service): Broken {
  const failure: Failure = {
    code: "service/folder-not-found",
    message: `kustomization path not found: there is no folder ${folder} in this revision`,
    remedy: "bring the folder back, point spec.path elsewhere, or remove this document to delete the service",
    at,
  };
  return { id, at, failures: [failure], sources: [], unreadable: false };
}

interface Beside {
  readonly service?: Service;
  readonly broken: readonly Broken[];
  readonly ignored: readonly { readonly at: Place; readonly why: string }[];
}

/** The objects that lie beside Flux documents, in files that no discovered folder holds: one service named for the path. */
function besideFlux(path: string, files: readonly string[], inhabited: readonly string[], reader: Reader): Beside {
  const declared: { manifest: Manifest; at: Place }[] = [];
  const failures: Failure[] = [];
  const tainted: Failure[] = [];
  const sources: string[] = [];
  const ignored: { at: Place; why: string }[] = [];
  const taken = new Set(inhabited.filter((folder) => folder !== "" && folder !== path));
  for (const file of files) {
    if (FLUX_OWN_FILES.test(file) || KUSTOMIZATION_NAMES.includes(file.slice(file.lastIndexOf("/") + 1))) continue;
    if (withFolders(file).some((folder) => taken.has(folder))) continue;
    if (reader.text(file) === undefined) continue;
    const documents = reader.documents(file);
    if (!documents.ok) {
      // A file of Flux documents is reported by itself; here it only makes the set unknown.
      const reported = reader.text(file)?.includes(FLUX_GROUP) === true;
      (reported ? tainted : failures).push(...documents.failures);
      sources.push(file);
      continue;
    }
    for (const { value, at } of documents.value) {
      if (!isObject(value) || isFluxKustomization(value)) continue;
      const manifest = asManifest(value);
      if (manifest === undefined && isMisnamed(value)) {
        const message = `${text(value, "kind") ?? "an object"} has a metadata.name that is no text`;
        const remedy = "put the name in quotes: y, n, on, off and digits alone are no text in YAML";
        failures.push({ code: "build/invalid-object", message, remedy, at });
        sources.push(file);
      } else if (manifest === undefined) ignored.push({ at, why: "no Kubernetes object" });
      else if (/\.toolkit\.fluxcd\.io\//.test(manifest.apiVersion))
        ignored.push({ at, why: `${manifest.kind} configures Flux` });
      else declared.push({ manifest, at });
    }
  }
  // One file that cannot be read makes the whole set unknown: what is missing from it must not look removed.
  if (failures.length > 0 || (tainted.length > 0 && declared.length > 0)) {
    const all = [...failures, ...tainted];
    // What the other files declare is wanted all the same.
    sources.push(...new Set(declared.map(({ at }) => at.path)));
    return { broken: [{ id: path, at: all[0]?.at ?? { path }, failures: all, sources, unreadable: false }], ignored };
  }
  const at = declared[0]?.at;
  if (at === undefined) return { broken: [], ignored };
  const why = "objects beside Flux Kustomizations, in no service's folder";
  const service: Service = {
    id: path,
    origin: "documents",
    folder: path,
    at,
    why,
    settings: DEFAULT_SETTINGS,
    declared,
  };
  return { service, broken: [], ignored };
}

function asManifest(document: JsonObject): Manifest | undefined {
  const metadata = document["metadata"];
  const complete =
    text(document, "apiVersion") !== undefined &&
    text(document, "kind") !== undefined &&
    isObject(metadata) &&
    text(metadata, "name") !== undefined;
  return complete ? (document as Manifest) : undefined;
}

/** An object whose name YAML does not read as text: passing it over would make it look removed. */
function isMisnamed(document: JsonObject): boolean {
  const metadata = document["metadata"];
  const name = isObject(metadata) ? metadata["name"] : undefined;
  return text(document, "kind") !== undefined && name !== undefined && typeof name !== "string";
}

/** Two definitions of one id: neither can be told to be the right one, so that id alone is broken. */
function withoutDuplicates(
  services: readonly Service[],
  broken: readonly Broken[],
): { readonly services: readonly Service[]; readonly broken: readonly BrokenService[] } {
  const places = new Map<string, Place[]>();
  for (const { id, at } of [...services, ...broken]) places.set(id, [...(places.get(id) ?? []), at]);
  const twice = [...places].filter(([, at]) => at.length > 1);
  const ids = new Set(twice.map(([id]) => id));
  const duplicates = twice.map(([id, [first = { path: "" }, ...others]]): BrokenService => {
    const failures = others.map(
      (at): Failure => ({
        code: "service/duplicate-id",
        message: `service ${id} is defined twice: in ${first.path}:${first.line ?? 1} and in ${at.path}:${at.line ?? 1}`,
        remedy: "rename one of them, or remove it",
        at,
      }),
    );
    const both = broken.filter((one) => one.id === id);
    const sources = [
      ...both.flatMap((one) => one.sources),
      ...services.filter((one) => one.id === id).flatMap(sourcesOf),
    ];
    return { id, at: first, failures: [...both.flatMap((one) => one.failures), ...failures], sources };
  });
  const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
  return {
    services: services.filter(({ id }) => !ids.has(id)).sort(byId),
    broken: [
      ...broken
        .filter(({ id }) => !ids.has(id))
        .map(({ id, at, failures, sources }) => ({ id, at, failures, sources })),
      ...duplicates,
    ].sort(byId),
  };
}
