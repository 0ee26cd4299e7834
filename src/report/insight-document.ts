import type { Explanation, Failure, Place, ServiceTree, StepSummary, Trace } from "../model/index.ts";
import { type Common, failureDocument, type RevisionDocument, revisionDocument, SCHEMA } from "./document-parts.ts";

interface ObjectDocument {
  readonly group: string;
  /** Kind of the object. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface WhyDocument extends Common<"Why"> {
  readonly exit: number;
  readonly service: string;
  readonly revision: RevisionDocument;
  readonly at?: Place;
  readonly because: string;
  readonly runs: boolean;
  readonly footprint?: number;
  readonly changed?: readonly string[];
  readonly change?: NonNullable<Explanation["change"]>;
  readonly steps: readonly (ObjectDocument & {
    readonly action: StepSummary["action"];
    readonly why: string;
    readonly confirmable?: boolean;
    readonly at?: Place;
    readonly drift?: NonNullable<StepSummary["drift"]>;
  })[];
  readonly unchanged: number;
  readonly driftUnseen?: true;
  readonly failures: readonly Failure[];
}

export function whyDocument(explanation: Explanation, exit: number): WhyDocument {
  const { revision, steps, failures, ...rest } = explanation;
  return {
    kind: "Why",
    schema: SCHEMA,
    exit,
    ...rest,
    revision: revisionDocument(revision),
    steps: steps.map(({ ref, action, why, confirmable, at, drift }) => ({
      ...ref,
      action,
      why,
      ...(confirmable === undefined ? {} : { confirmable }),
      ...(at === undefined ? {} : { at }),
      ...(drift === undefined ? {} : { drift }),
    })),
    failures: failures.map(failureDocument),
  };
}

export interface TreeDocument extends Common<"Tree"> {
  readonly exit: number;
  readonly scope: string;
  readonly services: readonly {
    readonly service: string;
    readonly objects: readonly (ObjectDocument & Omit<ServiceTree["objects"][number], "ref">)[];
  }[];
}

export function treeDocument(trees: readonly ServiceTree[], scope: string, exit: number): TreeDocument {
  return {
    kind: "Tree",
    schema: SCHEMA,
    exit,
    scope,
    services: trees.map(({ service, objects }) => ({
      service,
      objects: objects.map(({ ref, ...rest }) => ({ ...ref, ...rest })),
    })),
  };
}

export interface TraceDocument extends Common<"Trace"> {
  readonly exit: number;
  readonly object: ObjectDocument;
  readonly controllers: readonly ObjectDocument[];
  readonly service?: string;
  readonly scope?: string;
  readonly proven: boolean;
  readonly managers: readonly string[];
  readonly revision: RevisionDocument;
  readonly definedAt?: Place;
  readonly declaredAt?: Place;
  readonly change?: NonNullable<Trace["change"]>;
  readonly action?: StepSummary["action"];
  readonly why?: string;
}

export function traceDocument({ revision, ...rest }: Trace, exit: number): TraceDocument {
  return { kind: "Trace", schema: SCHEMA, exit, ...rest, revision: revisionDocument(revision) };
}
