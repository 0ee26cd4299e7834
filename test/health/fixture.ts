import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { isLiveObject } from "../../src/cluster/index.ts";
import type { Json, LiveObject } from "../../src/model/index.ts";

/** An object as a server would answer it, of `fixtures/health`. */
export function fixture(file: string): LiveObject {
  const object = parse(readFileSync(`fixtures/health/${file}`, "utf8")) as Json;
  if (!isLiveObject(object)) throw new Error(`${file} is no whole object`);
  return object;
}
