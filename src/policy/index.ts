export { type Layer, type SettingsChange, type SettingsPlaces, settle } from "./layer.ts";
export {
  isOfService,
  leavesAlone,
  NO_POLICY,
  type Policy,
  type PolicyBreaker,
  type PolicyEntry,
  readPolicy,
  readServiceSettings,
  SETTINGS_FILE,
  type TenantFrom,
} from "./read.ts";
export { API_VERSION, SERVICE_FIELDS, serviceFile, settingsFile } from "./schema.ts";
