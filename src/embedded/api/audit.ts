import type { Clock, JsonObject } from "../../model/index.ts";
import type { Caller } from "../world.ts";

/** One line of an audit log, in the shape of kube-apiserver's (audit.k8s.io/v1, level Metadata). */
export interface AuditEvent {
  readonly kind: "Event";
  readonly apiVersion: "audit.k8s.io/v1";
  readonly level: "Metadata";
  readonly auditID: string;
  readonly stage: "ResponseComplete";
  readonly requestURI: string;
  readonly verb: string;
  readonly user: { readonly username: string; readonly groups: readonly string[] };
  readonly impersonatedUser?: { readonly username: string; readonly groups: readonly string[] };
  readonly userAgent: string;
  readonly objectRef?: JsonObject;
  readonly responseStatus: { readonly metadata: JsonObject; readonly code: number; readonly reason?: string };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

export interface Audited {
  readonly verb: string;
  readonly requestURI: string;
  readonly caller: Caller;
  readonly objectRef?: JsonObject;
  readonly code: number;
  readonly reason?: string;
}

export interface Audit {
  record(request: Audited): void;
}

export function newAudit(clock: Clock, uid: () => string, write?: (event: AuditEvent) => void): Audit {
  if (write === undefined) return { record: () => undefined };
  return {
    record({ verb, requestURI, caller, objectRef, code, reason }) {
      const at = `${new Date(clock.nowMs()).toISOString().slice(0, 23)}000Z`;
      const other = caller.impersonated;
      write({
        kind: "Event",
        apiVersion: "audit.k8s.io/v1",
        level: "Metadata",
        auditID: uid(),
        stage: "ResponseComplete",
        requestURI,
        verb,
        user: { username: caller.user, groups: caller.groups },
        ...(other === undefined ? {} : { impersonatedUser: { username: other.user, groups: other.groups } }),
        userAgent: caller.userAgent,
        ...(objectRef === undefined ? {} : { objectRef }),
        responseStatus: { metadata: {}, code, ...(reason === undefined || reason === "" ? {} : { reason }) },
        requestReceivedTimestamp: at,
        stageTimestamp: at,
      });
    },
  };
}
