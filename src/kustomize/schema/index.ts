export { BUILTIN_VERSION, builtinSchema } from "./builtin.ts";
export { type BesideBuiltin, customSchema } from "./custom.ts";
export {
  fieldType,
  itemType,
  kindScope,
  kindType,
  mergesItems,
  type Schema,
  type SchemaType,
} from "./table.ts";
