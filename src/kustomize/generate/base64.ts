import { Buffer } from "node:buffer";
import type { DataValue } from "./key-values.ts";

/** Base64 as kustomize writes it: in lines of 70 letters when there is more than one. */
export function base64(value: DataValue): string {
  const text = Buffer.from(value).toString("base64");
  return text.length < 70 ? text : text.replaceAll(/.{1,70}/g, "$&\n");
}
