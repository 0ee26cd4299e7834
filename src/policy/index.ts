export { type Layer, type SettingsChange, settle } from "./layer.ts";
export { newMatch } from "./match.ts";
export {
  isOfService,
  leavesAlone,
  MISNAMED_SETTINGS,
  NO_POLICY,
  orphans,
  type Policy,
  readPolicy,
  readServiceSettings,
  SETTINGS_FILE,
} from "./read.ts";
export { API_VERSION, SERVICE_FIELDS, serviceFile, settingsFile } from "./schema.ts";
