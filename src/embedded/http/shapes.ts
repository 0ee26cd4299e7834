import type { JsonObject } from "../../model/index.ts";
import { type Refusal, statusOf } from "../api/status.ts";
import { metaOf } from "../verbs/write.ts";
import type { ApiReply } from "./request.ts";

/** An object's metadata alone. */
export function partial(object: JsonObject): JsonObject {
  return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: metaOf(object) };
}

export function failure(refusal: Refusal, warnings: readonly string[] = []): ApiReply {
  return { kind: "value", status: refusal.code, body: statusOf(refusal), warnings };
}
