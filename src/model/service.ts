import type { Failure, Place } from "./failure.ts";
import type { Manifest } from "./manifest.ts";
import type { Overlay } from "./overlay.ts";

/**
 * How a service came to be: a Flux Kustomization document, a plain folder with a kustomization file, or plain documents
 * beside Flux Kustomizations, which need no build.
 */
export type ServiceOrigin = "flux" | "folder" | "documents";

/** A service: one kustomization folder and its settings. Durations are milliseconds. */
export interface Service {
  /** `namespace/name` of the Flux document, or the folder's path. Unique within a revision. */
  readonly id: string;
  readonly origin: ServiceOrigin;
  /** The folder to build, relative to the repository's root; `""` is the root itself. */
  readonly folder: string;
  /** Where it is defined. */
  readonly at: Place;
  /** One sentence for people: why this is a service. */
  readonly why: string;
  readonly settings: ServiceSettings;
  /** Where settings are written that are not as usual. */
  readonly settingsFrom?: { readonly [Setting in keyof ServiceSettings]?: Place };
  /** The objects themselves, of a service that needs no build. */
  readonly declared?: readonly { readonly manifest: Manifest; readonly at: Place }[];
}

export interface ServiceSettings {
  readonly prune: boolean;
  readonly suspend: boolean;
  /** Overrides the namespace of every namespaced object; "" leaves them. */
  readonly targetNamespace: string;
  /** What else its document changes about what is built; absent when it changes nothing. */
  readonly overlay?: Overlay;
  readonly dependsOn: readonly string[];
  readonly intervalMs: number;
  /** Build, apply and wait together. */
  readonly timeoutMs: number;
  /** The first wait before a failed service is tried again; it doubles from there. */
  readonly retryMs: number;
  /** What becomes of its objects when the service leaves git. */
  readonly deletionPolicy: "prune" | "orphan";
  readonly drift: DriftMode;
  /** Waits until everything that was applied is healthy. */
  readonly wait: boolean;
  /** Waits for these, when `wait` does not say all. */
  readonly healthChecks: readonly HealthCheck[];
  /** An object whose change the API server calls immutable is deleted and created anew; never one of a protected kind. */
  readonly recreate: boolean;
  /** Takes over objects that these tools own. */
  readonly adopt: readonly ForeignTool[];
  /** Services of one tenant share its part of the pool. */
  readonly tenant: string;
  /** Deletes of the service that are too many at once; the usual limit when absent. */
  readonly deleteLimit?: DeleteLimit;
}

/** What is done about fields that somebody else changed: written back, only reported, or not even looked for. */
export type DriftMode = "enforce" | "detect" | "off";

/** Tools that may own objects in the cluster beside this one. */
export type ForeignTool = "flux" | "helm" | "argo" | "kapp";

/** An object to wait for, as a Flux Kustomization names it. */
export interface HealthCheck {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** When a number of deletes is too many: more than `free`, and then more than `share` (0–1) of the whole or than `max`. */
export interface DeleteLimit {
  readonly free: number;
  readonly share: number;
  readonly max: number;
}

/** What one service may delete at once, when nothing else is said. */
export const DEFAULT_DELETE_LIMIT: DeleteLimit = { free: 3, share: 0.5, max: 50 };

/** Settings that a definition says nothing about. Source of the times: Flux's kustomization spec. */
export const DEFAULT_SETTINGS: ServiceSettings = {
  prune: true,
  suspend: false,
  targetNamespace: "",
  dependsOn: [],
  intervalMs: 10 * 60_000,
  timeoutMs: 5 * 60_000,
  retryMs: 30_000,
  deletionPolicy: "prune",
  drift: "enforce",
  wait: false,
  healthChecks: [],
  recreate: false,
  adopt: [],
  tenant: "",
};

/** A service that cannot be reconciled, and why. What it owned stays as it is: its desired state is unknown. */
export interface BrokenService {
  readonly id: string;
  readonly at: Place;
  readonly failures: readonly Failure[];
  /** Files and folders that may declare its objects; empty when nothing it says can be built. */
  readonly sources: readonly string[];
}

/** What a revision says there is. */
export interface Discovery {
  readonly services: readonly Service[];
  readonly broken: readonly BrokenService[];
  /**
   * True only when every file that could define a service was read and understood. When false, a service that is not
   * listed may still exist, so nothing is pruned for being gone (law L3).
   */
  readonly complete: boolean;
  /** The folder that definitions were looked for in, when that is one around the path. */
  readonly searched?: string;
  /** Documents seen and left alone, with the reason. */
  readonly ignored: readonly { readonly at: Place; readonly why: string }[];
}
