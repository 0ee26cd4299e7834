/** Where objects of a kind live. */
export type Scope = "namespaced" | "cluster";

/** What OpenAPI says about a value, with other types by their number in `Schema.types`. */
export interface SchemaType {
  readonly type?: string;
  readonly fields?: Readonly<Record<string, number>>;
  /** The type of every field of a map (`additionalProperties`). */
  readonly values?: number;
  readonly items?: number;
  /** `x-kubernetes-patch-strategy`: `merge`, `replace`, `retainKeys` or several with commas. */
  readonly strategy?: string;
  /** `x-kubernetes-patch-merge-key`. */
  readonly mergeKey?: string;
  /** `x-kubernetes-list-map-keys`. */
  readonly listKeys?: readonly string[];
  /** `x-kubernetes-list-type`. */
  readonly listType?: string;
  /** `x-kubernetes-map-type`. */
  readonly mapType?: string;
}

export interface SchemaKind {
  readonly type?: number;
  readonly scope?: Scope;
}

/** The generated file: a release's kinds by apiVersion and kind, and their types. */
export interface SchemaTable {
  readonly release: string;
  readonly kinds: Readonly<Record<string, Readonly<Record<string, SchemaKind>>>>;
  /** Types by the name of their OpenAPI definition, for schemas that refer to them. */
  readonly definitions: Readonly<Record<string, number>>;
  readonly types: readonly SchemaType[];
}

/** An immutable schema; walking it allocates nothing. */
export type Schema = Omit<SchemaTable, "release">;

/** The type of a kind's objects. */
export function kindType(schema: Schema, apiVersion: string, kind: string): SchemaType | undefined {
  const number = kindEntry(schema, apiVersion, kind)?.type;
  return number === undefined ? undefined : schema.types[number];
}

/** Where a kind lives; undefined when the schema does not say. */
export function kindScope(schema: Schema, apiVersion: string, kind: string): Scope | undefined {
  return ADMISSION_POLICIES.has(kind) && apiVersion === "admissionregistration.k8s.io/v1"
    ? "cluster"
    : kindEntry(schema, apiVersion, kind)?.scope;
}

/** The type of a map's field. */
export function fieldType(schema: Schema, type: SchemaType, name: string): SchemaType | undefined {
  const { fields } = type;
  const number = fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : type.values;
  return number === undefined ? undefined : schema.types[number];
}

/** The type of a list's items. */
export function itemType(schema: Schema, type: SchemaType): SchemaType | undefined {
  return type.type !== "array" || type.items === undefined ? undefined : schema.types[type.items];
}

/** True when a list of this type is merged item by item. */
export function mergesItems(type: SchemaType | undefined): boolean {
  return type?.strategy !== undefined && (type.strategy === "merge" || type.strategy.split(",").includes("merge"));
}

/** Kinds newer than the built-in release whose scope kustomize knows all the same. */
const ADMISSION_POLICIES: ReadonlySet<string> = new Set([
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
]);

function kindEntry(schema: Schema, apiVersion: string, kind: string): SchemaKind | undefined {
  const kinds = Object.hasOwn(schema.kinds, apiVersion) ? schema.kinds[apiVersion] : undefined;
  return kinds !== undefined && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
}
