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
import { type Extent, newExtent } from "./extent.ts";
import { type Broken, type Defined, isFluxKustomization } from "./flux.ts";
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
  /** There is too much to look through; what there is is unknown. */
  | { readonly kind: "refused"; readonly failure: Failure }
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
  const extent = newExtent();
  const refused = (): DiscoveryStep | undefined => {
    const failure = extent.refusal(path);
    return failure && { kind: "refused", failure };
  };
  const files = filesBelow(tree, path, extent);
  const reader = newReader(tree, loaded, known, extent);
  const flux = readDefinitions({ tree, path, reader, known, extent }, files);
  const { parents } = flux;
  const services = [...flux.services];
  const taken = [
    ...services.flatMap(({ folder, settings }) => [folder, ...componentFolders(folder, settings.overlay)]),
    ...flux.broken
      .flatMap(({ unreadable, sources }) => (unreadable ? [] : sources))
      .filter((source) => tree.entry(source)?.kind !== "blob"),
  ];
  const tooMany = refused();
  if (tooMany !== undefined) return tooMany;
  const plain = plainFolders(
    tree,
    path,
    files.filter((file) => !FLUX_OWN_FILES.test(file)),
    taken,
    reader,
    extent,
  );
  for (const { folder, file } of plain.found) {
    extent.add("definitions", file, 1);
    const why = "it has a kustomization file, and no other service includes it";
    const id = folder === "" ? "." : folder;
    services.push({ id, origin: "folder", folder, at: { path: file, line: 1 }, why, settings: DEFAULT_SETTINGS });
  }
  // What lies in a folder with a kustomization file is for whoever takes that folder in, never an object as it stands.
  const kustomized = files.filter((file) => KUSTOMIZATION_NAMES.includes(nameOf(file))).map(folderOf);
  const inhabited = [...taken, ...plain.found.map(({ folder }) => folder), ...kustomized];
  const beside =
    path === "" || flux.services.length + parents.length + flux.broken.length === 0
      ? undefined
      : besideFlux(
          path,
          files.filter((file) => file !== policy.file),
          inhabited,
          reader,
          extent,
        );
  if (beside?.service !== undefined) services.push(beside.service);
  const tooLarge = largeFiles(tree, files, inhabited, extent);
  const tooMuch = beside?.refusal ?? extent.refusal(path);
  if (tooMuch !== undefined) return { kind: "refused", failure: tooMuch };
  const settled = settleAll(services, { tree, path, policy, reader });
  reader.keep();
  if (reader.missing.size > 0) return { kind: "needs", paths: [...reader.missing].sort() };
  const unsettled = settled.broken.map((one) => ({ ...one, unreadable: false }));
  const broken = [...flux.broken, ...(beside?.broken ?? []), ...unsettled, ...tooLarge];
  const isThere = ({ folder }: Service): boolean => folder === "" || tree.entry(folder)?.kind === "tree";
  const missing = settled.services.filter((service) => !isThere(service));
  const present = settled.services.filter(isThere);
  const unique = withoutDuplicates(present, [...broken, ...missing.map(withoutFolder)]);
  return {
    kind: "done",
    discovery: {
      services: unique.services,
      broken: unique.broken,
      complete: !broken.some(({ unreadable }) => unreadable),
      ...(flux.around === undefined ? {} : { searched: flux.around }),
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
function largeFiles(
  tree: Tree,
  files: readonly string[],
  inhabited: readonly string[],
  extent: Extent,
): readonly Broken[] {
  const taken = new Set(inhabited);
  const found: Broken[] = [];
  for (const file of files) {
    if ((tree.entry(file)?.size ?? 0) <= DEFINITION_BYTES_MAX) continue;
    if (withFolders(file).some((folder) => taken.has(folder))) continue;
    if (!extent.add("definitions", file, 1)) return [];
    const failure: Failure = {
      code: "build/too-large",
      message: `${file} has more than ${DEFINITION_BYTES_MAX / 1024} KiB, so it is not searched for services`,
      remedy: "split it, or move it below a folder that a service takes in",
      at: { path: file },
    };
    found.push({ id: file, at: { path: file }, failures: [failure], sources: [file], unreadable: true });
  }
  return found;
}

/** The YAML files below a folder, sorted; none when they are too many. */
function filesBelow(tree: Tree, path: string, extent: Extent): readonly string[] {
  const files: string[] = [];
  const pending = [path];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const name of tree.list(folder) ?? []) {
      const child = folder === "" ? name : `${folder}/${name}`;
      const kind = tree.entry(child)?.kind;
      if (kind === "tree") pending.push(child);
      const isKustomization = KUSTOMIZATION_NAMES.includes(name);
      // A kustomization is built wherever a symlink says that it is; other files count where they are.
      if (kind === "symlink" ? !isKustomization : kind !== "blob" || !(isKustomization || /\.ya?ml$/.test(name)))
        continue;
      const fits = extent.add("files", child, 1);
      if (!extent.add("kustomizations", child, isKustomization ? 1 : 0) || !fits) return [];
      files.push(child);
    }
  }
  return files.sort();
}

/** What definitions are looked for with. */
interface Search {
  readonly tree: Tree;
  readonly path: string;
  readonly reader: Reader;
  readonly known: Definitions;
  readonly extent: Extent;
}

interface FluxDefinitions {
  /** The folder around `path` that was looked through, too. */
  readonly around: string | undefined;
  readonly parents: readonly Service[];
  readonly services: readonly Defined[];
  readonly broken: readonly Broken[];
}

/** What is defined in these files, and around them: a parent is not applied, but what it points at is searched like `path` itself. */
function readDefinitions(search: Search, files: readonly string[]): FluxDefinitions {
  const { tree, path, reader, known, extent } = search;
  const here = readFluxFiles(tree, files, reader, known, extent);
  const { parents, services } = splitParents(here.services);
  const ids = new Set(services.map(({ id }) => id));
  const broken = [...here.broken];
  const around = [...new Set(parents.map(({ folder }) => folder))].filter((folder) => !isWithin(folder, path));
  // Each holds documents below `path`, so that the first by name is around all others.
  const [outer] = around.sort();
  if (outer !== undefined) {
    const more = readFluxFiles(tree, filesBelow(tree, outer, extent), reader, known, extent);
    for (const service of splitParents(more.services).services) if (!ids.has(service.id)) services.push(service);
    for (const one of more.broken) if (!isWithin(one.at.path, path)) broken.push(one);
  }
  for (const parent of parents) broken.push(...changingParent(parent));
  return { around: outer, parents, services, broken };
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

/** So many files are listed as what an object may come from; beyond them the revision is refused whole. */
const SOURCES_MAX = 10_000;

interface Beside {
  readonly service?: Service;
  /** There are too many to tell which objects may be wanted. */
  readonly refusal?: Failure;
  readonly broken: readonly Broken[];
  readonly ignored: readonly { readonly at: Place; readonly why: string }[];
}

/** The objects that lie beside Flux documents, in files that no discovered folder holds: one service named for the path. */
function besideFlux(
  path: string,
  files: readonly string[],
  inhabited: readonly string[],
  reader: Reader,
  extent: Extent,
): Beside {
  const declared: { manifest: Manifest; at: Place }[] = [];
  const failures: Failure[] = [];
  const tainted: Failure[] = [];
  const sources: string[] = [];
  const ignored: { at: Place; why: string }[] = [];
  /** Every file that an object may be in, and the one with most documents. */
  const holding: string[] = [];
  let largest = { file: path, amount: 0 };
  const taken = new Set(inhabited.filter((folder) => folder !== "" && folder !== path));
  for (const file of files) {
    if (FLUX_OWN_FILES.test(file) || KUSTOMIZATION_NAMES.includes(file.slice(file.lastIndexOf("/") + 1))) continue;
    if (withFolders(file).some((folder) => taken.has(folder))) continue;
    if (reader.text(file) === undefined) continue;
    const documents = reader.documents(file);
    if (!documents.ok) {
      // A file of Flux documents is reported by itself; here it only makes the set unknown.
      const reported = reader.spellsFlux(file) === true;
      (reported ? tainted : failures).push(...documents.failures);
      sources.push(file);
      holding.push(file);
      continue;
    }
    const others = documents.value.filter(({ value }) => !(isObject(value) && isFluxKustomization(value)));
    if (others.length > 0) holding.push(file);
    if (others.length > largest.amount) largest = { file, amount: others.length };
    if (!extent.add("objects", file, others.length)) {
      if (holding.length > SOURCES_MAX) break;
      continue; // from here on they are only listed
    }
    for (const { value, line } of others) {
      const at = { path: file, line };
      if (!isObject(value)) continue;
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
  const whole = holding.length > SOURCES_MAX ? extent.excess("objects", path) : undefined;
  if (whole !== undefined) return { refusal: whole, broken: [], ignored: [] };
  const excess = extent.excess("objects", path, largest);
  if (excess !== undefined) {
    const at = excess.at ?? { path };
    const all = [excess, ...failures, ...tainted];
    return { broken: [{ id: path, at, failures: all, sources: holding, unreadable: false }], ignored: [] };
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
  const named = new Map<string, (Service | Broken)[]>();
  for (const one of [...services, ...broken]) {
    const others = named.get(one.id);
    if (others === undefined) named.set(one.id, [one]);
    else others.push(one);
  }
  const twice = [...named].filter(([, all]) => all.length > 1);
  const ids = new Set(twice.map(([id]) => id));
  const duplicates = twice.map(([id, all]): BrokenService => {
    const [first = { path: "" }, ...others] = all.map(({ at }) => at);
    const failures = others.map(
      (at): Failure => ({
        code: "service/duplicate-id",
        message: `service ${id} is defined twice: in ${first.path}:${first.line ?? 1} and in ${at.path}:${at.line ?? 1}`,
        remedy: "rename one of them, or remove it",
        at,
      }),
    );
    const both = all.flatMap((one) => ("failures" in one ? [one] : []));
    const sources = [
      ...both.flatMap((one) => one.sources),
      ...all.flatMap((one) => ("failures" in one ? [] : sourcesOf(one))),
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
