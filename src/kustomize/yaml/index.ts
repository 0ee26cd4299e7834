export { fromJson, toJson } from "./json.ts";
export {
  type Comments,
  cloneNode,
  type MappingEntry,
  type MappingNode,
  type ScalarNode,
  type ScalarStyle,
  type ScalarTag,
  type SequenceNode,
  type YamlNode,
} from "./node.ts";
export { DEFAULT_LIMITS, type YamlLimits, type YamlMode } from "./reader.ts";
export { type ParseOptions, parseYaml, type YamlDocument } from "./stream.ts";
export { writeJson, writeYaml } from "./write.ts";
