import type { Json, JsonObject } from "../../model/index.ts";

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** Why a request was refused: a metav1.Status with `status: Failure`. */
export interface Refusal {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly details?: JsonObject;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function done<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal };
}

/** What an error names: the resource (or kind) and its group. */
export interface Named {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

function details({ group, kind, name }: Named, causes: readonly Cause[] = []): JsonObject {
  return {
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { group }),
    ...(kind === "" ? {} : { kind }),
    ...(causes.length === 0 ? {} : { causes: causes.map((cause) => ({ ...cause })) }),
  };
}

/** `deployments.apps "a"` */
function qualified({ group, kind, name }: Named): string {
  return `${group === "" ? kind : `${kind}.${group}`} ${JSON.stringify(name)}`;
}

export const notFound = (named: Named): Refusal => ({
  code: 404,
  reason: "NotFound",
  message: `${qualified(named)} not found`,
  details: details(named),
});

export const alreadyExists = (named: Named): Refusal => ({
  code: 409,
  reason: "AlreadyExists",
  message: `${qualified(named)} already exists`,
  details: details(named),
});

export const conflict = (named: Named, why: string): Refusal => ({
  code: 409,
  reason: "Conflict",
  message: `Operation cannot be fulfilled on ${qualified(named)}: ${why}`,
  details: details(named),
});

export const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";

export const badRequest = (message: string): Refusal => ({ code: 400, reason: "BadRequest", message });

export const forbidden = (named: Named, why: string, causes: readonly Cause[] = []): Refusal => ({
  code: 403,
  reason: "Forbidden",
  message: `${qualified(named)} is forbidden: ${why}`,
  details: details(named, causes),
});

/** What the server answers without a reason: an error it did not expect. */
export const internal = (message: string): Refusal => ({ code: 500, reason: "", message });

export const expired = (message: string): Refusal => ({ code: 410, reason: "Expired", message });

/** What a real server does and this one does not: said, never guessed (docs/embedded.md). */
export const notImplemented = (what: string): Refusal => ({
  code: 501,
  reason: "NotImplemented",
  message: `the embedded cluster does not do this: ${what}`,
});

export const methodNotAllowed = (): Refusal => ({
  code: 405,
  reason: "MethodNotAllowed",
  message: "the server does not allow this method on the requested resource",
  details: {},
});

/** One wrong field; the message begins with what is wrong with it (apimachinery field.Error). */
export interface FieldError {
  readonly reason:
    | "FieldValueRequired"
    | "FieldValueInvalid"
    | "FieldValueNotSupported"
    | "FieldValueForbidden"
    | "FieldValueDuplicate"
    | "FieldValueTypeInvalid"
    | "FieldValueNotFound"
    | "FieldValueTooLong"
    | "FieldValueTooMany";
  readonly field: string;
  readonly message: string;
}

export const required = (field: string, detail = ""): FieldError => ({
  reason: "FieldValueRequired",
  field,
  message: `Required value${detail === "" ? "" : `: ${detail}`}`,
});

export const invalidValue = (field: string, value: Json, detail: string): FieldError => ({
  reason: "FieldValueInvalid",
  field,
  message: `Invalid value: ${valueText(value)}: ${detail}`,
});

export const unsupported = (field: string, value: Json, supported: readonly string[]): FieldError => ({
  reason: "FieldValueNotSupported",
  field,
  message: `Unsupported value: ${valueText(value)}: supported values: ${supported.map((s) => JSON.stringify(s)).join(", ")}`,
});

export const duplicate = (field: string, value: Json): FieldError => ({
  reason: "FieldValueDuplicate",
  field,
  message: `Duplicate value: ${valueText(value)}`,
});

export const forbiddenField = (field: string, detail: string): FieldError => ({
  reason: "FieldValueForbidden",
  field,
  message: `Forbidden: ${detail}`,
});

export const tooLong = (field: string, most: number): FieldError => ({
  reason: "FieldValueTooLong",
  field,
  message: `Too long: may not be more than ${most} bytes`,
});

export function valueText(value: Json): string {
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

/** 422 with every wrong field. `kind` is the kind, not the resource. */
export function invalid(named: Named, errors: readonly FieldError[]): Refusal {
  const lines = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  const { group, kind, name } = named;
  return {
    code: 422,
    reason: "Invalid",
    message: `${group === "" ? kind : `${kind}.${group}`} ${JSON.stringify(name)} is invalid: ${lines.length === 1 ? lines[0] : `[${lines.join(", ")}]`}`,
    details: details(named, errors),
  };
}

/** The metav1.Status of a refusal. */
export function statusOf(refusal: Refusal): JsonObject {
  const { code, reason, message } = refusal;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason === "" ? {} : { reason }),
    ...(refusal.details === undefined ? {} : { details: refusal.details }),
    code,
  };
}
