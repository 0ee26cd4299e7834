import {
  type BrokenService,
  type Condition,
  type Confirmation,
  type Discovery,
  type Failure,
  type FieldChange,
  type HealthSummary,
  type HistoryEntry,
  type Manifest,
  type ObjectRef,
  type PassOutcome,
  type Place,
  type Revision,
  type Service,
  type ServiceOutcome,
  type ServiceStanding,
  type StepResult,
  type Suspension,
} from "../model/index.ts";
import { type ActionCounts, countObjects, countStates, countSteps, type PassMode } from "./counts.ts";
import { type Common, failureDocument, type RevisionDocument, revisionDocument, SCHEMA } from "./document-parts.ts";
import type { TraceDocument, TreeDocument, WhyDocument } from "./insight-document.ts";
import type { OrphansDocument } from "./orphans-document.ts";
import type { SettingsDocument } from "./settings-document.ts";
import type { EventLine } from "./standing-text.ts";
import type { ServiceStatus, StatusReport } from "./status.ts";

/** What `-o json` and `-o yaml` print. `docs/output.md` describes every field. */
export type Document =
  | PassDocument
  | ServicesDocument
  | StatusDocument
  | HistoryDocument
  | EventsDocument
  | SuspensionsDocument
  | ConfirmedDocument
  | OrphansDocument
  | WhyDocument
  | TreeDocument
  | TraceDocument
  | BuildDocument
  | SettingsDocument
  | VersionDocument
  | ErrorDocument;

interface StepDocument {
  readonly group: string;
  /** Kind of the object. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly action: StepResult["action"];
  readonly result: StepResult["result"];
  readonly why: string;
  readonly confirmable?: boolean;
  readonly at?: Place;
  readonly drift?: NonNullable<StepResult["drift"]>;
  readonly fields?: readonly FieldChange[];
  readonly failure?: Failure;
}

interface ServiceDocument {
  readonly service: string;
  readonly state: ServiceOutcome["state"];
  readonly at?: Place;
  readonly built: boolean;
  readonly durationMs: number;
  readonly counts: ActionCounts;
  readonly steps: readonly StepDocument[];
  readonly failures: readonly Failure[];
  readonly warnings?: readonly Failure[];
  readonly health?: {
    readonly state: HealthSummary["state"];
    readonly objects: readonly (ObjectRef & { readonly why: string })[];
  };
  readonly because?: string;
  readonly digest?: string;
  readonly retry?: { readonly attempts: number; readonly nextAt: string };
  readonly tenant?: string;
  readonly confirmed?: Confirmation;
}

export interface PassDocument extends Common<"Pass"> {
  readonly mode: PassMode;
  readonly exit: number;
  readonly revision?: RevisionDocument;
  readonly counts: ActionCounts;
  readonly states: ReturnType<typeof countStates>;
  readonly builds: number;
  readonly durationMs: number;
  readonly services: readonly ServiceDocument[];
  readonly failures: readonly Failure[];
}

export interface ServicesDocument extends Common<"Services"> {
  readonly exit: number;
  readonly revision: RevisionDocument;
  readonly complete: boolean;
  readonly services: readonly (Pick<Service, "id" | "origin" | "folder" | "at" | "why"> & {
    readonly settings: Omit<Service["settings"], "overlay">;
    readonly objects?: number;
  })[];
  readonly broken: readonly Pick<BrokenService, "id" | "at" | "failures">[];
  readonly ignored: Discovery["ignored"];
}

type StandingDocument = Omit<ServiceStatus, "standing"> &
  Partial<Omit<NonNullable<ServiceStatus["standing"]>, "history">>;

export interface StatusDocument extends Common<"Status">, Omit<StatusReport, "services"> {
  readonly exit: number;
  readonly services: readonly StandingDocument[];
}

export interface HistoryDocument extends Common<"History"> {
  readonly exit: number;
  readonly service: string;
  readonly state: ServiceStanding["state"];
  readonly applied?: string;
  readonly attempted: string;
  readonly conditions: readonly Condition[];
  readonly history: readonly HistoryEntry[];
}

export interface EventsDocument extends Common<"Events"> {
  readonly exit: number;
  readonly events: readonly EventLine[];
}

export interface SuspensionsDocument extends Common<"Suspensions"> {
  readonly exit: number;
  readonly suspensions: readonly Suspension[];
  readonly services: readonly string[];
  readonly notSuspended?: readonly string[];
}

export interface ConfirmedDocument extends Common<"Confirmed"> {
  readonly exit: number;
  readonly commit: string;
  readonly globs: readonly string[];
  readonly by: string;
  readonly at: string;
  readonly held: readonly string[];
}

export interface BuildDocument extends Common<"Build"> {
  readonly exit: number;
  readonly service: string;
  readonly revision: RevisionDocument;
  readonly objects: readonly Manifest[];
}

export interface VersionDocument extends Common<"Version"> {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
}

/** What is printed when the command could not run. */
export interface ErrorDocument extends Common<"Error"> {
  readonly exit: number;
  readonly failures: readonly Failure[];
}

export function passDocument(outcome: PassOutcome, mode: PassMode, exit: number): PassDocument {
  return {
    kind: "Pass",
    schema: SCHEMA,
    mode,
    exit,
    ...(outcome.revision === undefined ? {} : { revision: revisionDocument(outcome.revision) }),
    counts: countObjects(outcome, mode),
    states: countStates(outcome),
    builds: outcome.builds,
    durationMs: Math.round(outcome.durationMs),
    services: outcome.services.map((service) => serviceDocument(service, mode)),
    failures: outcome.failures.map(failureDocument),
  };
}

function serviceDocument(outcome: ServiceOutcome, mode: PassMode): ServiceDocument {
  return {
    service: outcome.service,
    state: outcome.state,
    ...(outcome.at === undefined ? {} : { at: outcome.at }),
    built: outcome.built,
    durationMs: Math.round(outcome.durationMs),
    counts: countSteps(outcome.steps, mode),
    steps: outcome.steps.map(({ ref, action, result, why, confirmable, at, drift, fields, failure }) => ({
      group: ref.group,
      kind: ref.kind,
      namespace: ref.namespace,
      name: ref.name,
      action,
      result,
      why,
      ...(confirmable === undefined ? {} : { confirmable }),
      ...(at === undefined ? {} : { at }),
      ...(drift === undefined ? {} : { drift }),
      ...(fields === undefined ? {} : { fields }),
      ...(failure === undefined ? {} : { failure: failureDocument(failure) }),
    })),
    failures: outcome.failures.map(failureDocument),
    ...more(outcome),
  };
}

/** What only some services have. */
function more({
  warnings,
  health,
  because,
  digest,
  retry,
  tenant,
  confirmed,
}: ServiceOutcome): Partial<ServiceDocument> {
  return {
    ...(warnings === undefined ? {} : { warnings: warnings.map(failureDocument) }),
    ...(health === undefined
      ? {}
      : { health: { state: health.state, objects: health.objects.map(({ ref, why }) => ({ ...ref, why })) } }),
    ...(because === undefined ? {} : { because }),
    ...(digest === undefined ? {} : { digest }),
    ...(retry === undefined
      ? {}
      : { retry: { attempts: retry.attempts, nextAt: new Date(retry.nextAtMs).toISOString() } }),
    ...(tenant === undefined || tenant === "" ? {} : { tenant }),
    ...(confirmed === undefined ? {} : { confirmed }),
  };
}

export function servicesDocument(found: Discovery, revision: Revision, exit: number): ServicesDocument {
  return {
    kind: "Services",
    schema: SCHEMA,
    exit,
    revision: revisionDocument(revision),
    complete: found.complete,
    services: found.services.map(
      ({ id, origin, folder, at, why, settings: { overlay: _overlay, ...settings }, declared }) => ({
        id,
        origin,
        folder,
        at,
        why,
        settings,
        ...(declared === undefined ? {} : { objects: declared.length }),
      }),
    ),
    broken: found.broken.map(({ id, at, failures }) => ({ id, at, failures: failures.map(failureDocument) })),
    ignored: found.ignored,
  };
}

export function statusDocument(report: StatusReport, exit: number): StatusDocument {
  const services = report.services.map(({ standing, ...service }): StandingDocument => {
    if (standing === undefined) return service;
    const { history: _history, ...rest } = standing;
    return { ...service, ...rest };
  });
  return { kind: "Status", schema: SCHEMA, exit, ...report, services };
}

export function historyDocument(standing: ServiceStanding, exit: number): HistoryDocument {
  const { service, state, applied, attempted, conditions, history } = standing;
  return {
    kind: "History",
    schema: SCHEMA,
    exit,
    service,
    state,
    ...(applied === undefined ? {} : { applied }),
    attempted,
    conditions,
    history,
  };
}

export function eventsDocument(events: readonly EventLine[], exit: number): EventsDocument {
  return { kind: "Events", schema: SCHEMA, exit, events };
}

export function suspensionsDocument(
  suspensions: readonly Suspension[],
  services: readonly string[],
  notSuspended: readonly string[],
  exit: number,
): SuspensionsDocument {
  const idle = notSuspended.length === 0 ? {} : { notSuspended };
  return { kind: "Suspensions", schema: SCHEMA, exit, suspensions, services, ...idle };
}

export function confirmedDocument(
  order: Pick<ConfirmedDocument, "commit" | "globs" | "by" | "at">,
  held: readonly string[],
  exit: number,
): ConfirmedDocument {
  const { commit, globs, by, at } = order;
  return { kind: "Confirmed", schema: SCHEMA, exit, commit, globs, by, at, held };
}

export function buildDocument(
  service: string,
  revision: Revision,
  objects: readonly Manifest[],
  exit: number,
): BuildDocument {
  return { kind: "Build", schema: SCHEMA, exit, service, revision: revisionDocument(revision), objects };
}

export function versionDocument(version: string, node: string, platform: string): VersionDocument {
  return { kind: "Version", schema: SCHEMA, version, node, platform };
}

export function errorDocument(failures: readonly Failure[], exit: number): ErrorDocument {
  return { kind: "Error", schema: SCHEMA, exit, failures: failures.map(failureDocument) };
}
