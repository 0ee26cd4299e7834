import { type DeleteLimit, durationMs, groupOf, type Place, type ServiceSettings } from "../model/index.ts";
import type { Limit, ServiceFields } from "./schema.ts";

/** What one place says of a service's settings; what it does not say is as it was. */
export interface SettingsChange
  extends Partial<
    Pick<
      ServiceSettings,
      | "prune"
      | "suspend"
      | "deletionPolicy"
      | "drift"
      | "wait"
      | "timeoutMs"
      | "intervalMs"
      | "retryMs"
      | "recreate"
      | "adopt"
      | "tenant"
      | "dependsOn"
      | "healthChecks"
    >
  > {
  readonly deleteLimit?: Partial<DeleteLimit>;
}

/** Where each setting is written. */
export type SettingsPlaces = { readonly [Setting in keyof SettingsChange]?: Place };

export interface Layer {
  readonly says: SettingsChange;
  readonly from: SettingsPlaces;
}

type Field = keyof ServiceFields;

/** How each field of a file is read. */
const READ: { readonly [F in Field]-?: (value: NonNullable<ServiceFields[F]>) => SettingsChange } = {
  prune: (prune) => ({ prune }),
  suspend: (suspend) => ({ suspend }),
  deletionPolicy: (deletionPolicy) => ({ deletionPolicy }),
  drift: (drift) => ({ drift }),
  wait: (wait) => ({ wait }),
  timeout: (text) => ({ timeoutMs: durationMs(text) ?? 0 }),
  interval: (text) => ({ intervalMs: durationMs(text) ?? 0 }),
  retryInterval: (text) => ({ retryMs: durationMs(text) ?? 0 }),
  recreate: (recreate) => ({ recreate }),
  adopt: (adopt) => ({ adopt }),
  tenant: (tenant) => ({ tenant }),
  deleteLimit: (limit) => ({ deleteLimit: limitOf(limit) }),
  dependsOn: (dependsOn) => ({ dependsOn }),
  healthChecks: (checks) => ({
    healthChecks: checks.map(({ apiVersion, kind, namespace = "", name }) => ({
      group: groupOf(apiVersion),
      kind,
      namespace,
      name,
    })),
  }),
};

/** The fields of a file as a layer; `placeOf` says where a field is written. */
export function layerOf(fields: ServiceFields, placeOf: (field: string) => Place): Layer {
  const says: SettingsChange = {};
  const from: Record<string, Place> = {};
  for (const field of Object.keys(READ) as Field[]) {
    const value = fields[field];
    if (value === undefined) continue;
    const change = (READ[field] as (value: unknown) => SettingsChange)(value);
    Object.assign(says, change);
    for (const setting of Object.keys(change)) from[setting] = placeOf(field);
  }
  return { says, from };
}

/** Source of the percentage: the schema has seen to its form. */
export function limitOf({ free, share, max }: Limit): Partial<DeleteLimit> {
  const part = typeof share === "string" ? Number(share.slice(0, -1)) / 100 : share;
  // No share at all means no delete, unless some are said to be free.
  const least = free ?? (part === 0 ? 0 : undefined);
  return {
    ...(least === undefined ? {} : { free: least }),
    ...(part === undefined ? {} : { share: part }),
    ...(max === undefined ? {} : { max }),
  };
}

/**
 * Settings after all layers, the last one wins, field by field; a limit's numbers one by one. `usualLimit` is what a limit of
 * its own leaves out. A service that is not pruned is not pruned when it leaves git either, unless a layer says so.
 */
export function settle(
  usual: ServiceSettings,
  layers: readonly Layer[],
  usualLimit: DeleteLimit,
): { readonly settings: ServiceSettings; readonly from: SettingsPlaces } {
  const { deleteLimit: _limits, ...says }: SettingsChange = Object.assign({}, ...layers.map((layer) => layer.says));
  const from: Record<string, Place> = {};
  for (const layer of layers) {
    for (const name of Object.keys(layer.says) as (keyof SettingsChange)[]) {
      const at = layer.from[name];
      // What has no place of its own takes away the place of what it goes over.
      if (at === undefined) delete from[name];
      else from[name] = at;
    }
  }
  const merged: ServiceSettings = { ...usual, ...says };
  const deletionPolicy = says.deletionPolicy ?? (merged.prune ? "prune" : "orphan");
  const limits = layers.flatMap((layer) => layer.says.deleteLimit ?? []);
  if (limits.length === 0) return { settings: { ...merged, deletionPolicy }, from };
  const limit: DeleteLimit = Object.assign({ ...usualLimit }, ...limits);
  const deleteLimit = { ...limit, free: Math.min(limit.free, limit.max) };
  return { settings: { ...merged, deletionPolicy, deleteLimit }, from };
}
