import {
  child,
  groupOf,
  isObject,
  type Json,
  type JsonObject,
  type LiveObject,
  type ObjectRef,
  text,
} from "../model/index.ts";

/** One entry of status.conditions. What is missing reads as "". */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function conditionsOf(object: JsonObject): readonly Condition[] {
  return items(child(object, "status")?.["conditions"]).map((condition) => ({
    type: text(condition, "type") ?? "",
    status: text(condition, "status") ?? "",
    reason: text(condition, "reason") ?? "",
    message: text(condition, "message") ?? "",
  }));
}

/** The condition of a type when it has this status. */
export function conditionOf(object: JsonObject, type: string, status: string): Condition | undefined {
  return conditionsOf(object).find((condition) => condition.type === type && condition.status === status);
}

/** What a condition says: its message, or its reason where it has none. */
export function words({ message, reason, type, status }: Condition): string {
  return message !== "" ? message : reason !== "" ? reason : `${type} is ${status}`;
}

/** An integer field; undefined when it is missing or no number. */
export function integer(object: JsonObject | undefined, key: string): number | undefined {
  const value = object?.[key];
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}

/** The maps of a list. */
export function items(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
}

/** Where an object is. Cluster-scoped: namespace "". */
export function namedOf(object: LiveObject): ObjectRef {
  const { name } = object.metadata;
  return {
    group: groupOf(object.apiVersion),
    kind: object.kind,
    namespace: text(object.metadata, "namespace") ?? "",
    name,
  };
}
