export { type LoadText, readReplacements } from "./read.ts";
export { applyReplacements } from "./replacements.ts";
export { addVars, mergeVars, resolveVars, type Vars } from "./vars.ts";
