export { fromJson, toJson } from "./json.ts";
export { cloneNode, type YamlNode } from "./node.ts";
export type { YamlLimits, YamlMode } from "./reader.ts";
export { parseYaml } from "./stream.ts";
export { writeJson, writeYaml } from "./write.ts";
