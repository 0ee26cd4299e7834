export { main } from "./main.ts";
export { openEngine } from "./open-engine.ts";
export { worldOf } from "./world.ts";
