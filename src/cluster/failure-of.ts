import { type Failure, type FailureCode, type ObjectRef, type Place, refText } from "../model/index.ts";
import type { Problem } from "./port.ts";
import { NOT_APPLICABLE } from "./problem.ts";

/** What was being done when the problem came up. */
export interface Doing {
  readonly verb: "apply" | "patch" | "delete" | "read" | "list" | "watch" | "discover";
  /** The object; or what is listed, in words such as `apps/Deployment`. */
  readonly what?: ObjectRef | string;
  /** Where the object is defined. */
  readonly at?: Place;
}

/** The failure to report for a problem: with the next step that fits, and no Secret value, as the problem holds none. */
export function problemFailure(problem: Problem, doing: Doing): Failure {
  const { code, remedy } = judge(problem, doing);
  const { what, at } = doing;
  const object = what === undefined || typeof what === "string" ? undefined : refText(what);
  const subject = object ?? (typeof what === "string" ? what : undefined);
  return {
    code,
    message: `${doing.verb}${subject === undefined ? "" : ` ${subject}`}: ${sentence(problem)}`,
    remedy,
    ...(at === undefined ? {} : { at }),
    ...(object === undefined ? {} : { object }),
  };
}

interface Judgement {
  readonly code: FailureCode;
  readonly remedy: string;
}

function judge(problem: Problem, doing: Doing): Judgement {
  const write = doing.verb === "apply" || doing.verb === "patch";
  const verdict = (code: FailureCode, remedy: string): Judgement => ({ code, remedy });
  switch (problem.kind) {
    case "network":
      return verdict("cluster/unreachable", "check the way to the API server: kubectl get --raw /readyz");
    case "timeout":
      return verdict("cluster/timeout", "see if the API server or a webhook is slow; the next pass tries again");
    case "decode":
      return verdict(otherwise(doing), "a proxy may cut answers off: compare with kubectl get --raw, then try again");
    case "status":
      break;
  }
  switch (problem.status ?? 0) {
    case 401:
      return verdict("cluster/unauthorized", "renew the credentials: kubectl auth whoami shows who you are");
    case 429:
      return verdict("cluster/throttled", "lower --in-flight, or give this user an API priority level of its own");
    case 502:
    case 503:
      return isWebhook(problem)
        ? webhook(problem)
        : verdict("cluster/unreachable", "see what kubectl get --raw /readyz?verbose says");
    case 504:
      return isWebhook(problem)
        ? webhook(problem)
        : verdict("cluster/timeout", "see if etcd or a webhook is slow; the next pass tries again");
    default:
      return write ? judgeWrite(problem, doing) : judgeOther(problem, doing);
  }
}

function judgeWrite(problem: Problem, doing: Doing): Judgement {
  const verdict = (code: FailureCode, remedy: string): Judgement => ({ code, remedy });
  if (isWebhook(problem)) return webhook(problem);
  if (NOT_APPLICABLE.test(problem.message)) {
    return verdict(
      "apply/invalid",
      "correct or remove the field that the message names: kubectl explain shows the schema",
    );
  }
  switch (problem.status ?? 0) {
    case 400:
      return verdict("apply/invalid", "correct the field that the message names: kubectl explain shows the schema");
    case 403:
      if (isTerminating(problem)) {
        return verdict(
          "apply/missing-namespace",
          "wait until the namespace is gone, or take out the finalizer that holds it",
        );
      }
      return verdict(
        "apply/forbidden",
        "grant the rule that the message names to the user it names, or raise the quota",
      );
    case 404: {
      const namespace = /^namespaces "([^"]+)" not found/.exec(problem.message)?.[1];
      return namespace === undefined
        ? verdict(
            "apply/unknown-kind",
            "install the CustomResourceDefinition of this kind and version, or correct apiVersion",
          )
        : verdict("apply/missing-namespace", `add a Namespace ${namespace} to the repository, or create it`);
    }
    case 409:
      return verdict("apply/conflict", "another writer owns these fields or was faster: the next pass reads it anew");
    case 413:
      return verdict("apply/invalid", "make the object smaller: etcd takes about 1.5 MiB");
    case 422:
      return isImmutable(problem)
        ? verdict(
            "apply/immutable",
            "undo the change, or ask for the object to be recreated: annotation gitops.bulkhead.dev/recreate: enabled",
          )
        : verdict("apply/invalid", "correct the fields that the message names: kubectl explain shows the schema");
    default:
      return verdict(otherwise(doing), "see the API server's log; the next pass tries again");
  }
}

function judgeOther(problem: Problem, doing: Doing): Judgement {
  if (problem.status === 403) {
    return isWebhook(problem)
      ? webhook(problem)
      : { code: "cluster/forbidden", remedy: "grant the rule that the message names to the user it names" };
  }
  if (doing.verb === "delete" && problem.status === 409) {
    return { code: "prune/changed-since-read", remedy: "nothing: it is looked at again in the next pass" };
  }
  return { code: otherwise(doing), remedy: "compare with what kubectl says; the next pass tries again" };
}

/** The code of what is not known more exactly. */
function otherwise({ verb }: Doing): FailureCode {
  switch (verb) {
    case "apply":
    case "patch":
      return "apply/failed";
    case "delete":
      return "prune/failed";
    case "list":
    case "watch":
    case "read":
      return "cluster/list-failed";
    case "discover":
      return "cluster/discovery-failed";
  }
}

function webhook(problem: Problem): Judgement {
  const name = /webhook "([^"]+)"/.exec(problem.message)?.[1] ?? /Policy '([^']+)'/.exec(problem.message)?.[1];
  const denied = /denied/.test(problem.message);
  return {
    code: "apply/webhook",
    remedy: denied
      ? `change the object to what ${name ?? "the policy"} allows`
      : `make the service behind webhook ${name ?? ""} answer, or set its failurePolicy to Ignore`.replace("  ", " "),
  };
}

function isWebhook({ message }: Problem): boolean {
  return /admission webhook "|calling webhook|conversion webhook for |ValidatingAdmissionPolicy '/.test(message);
}

function isTerminating({ causes, message }: Problem): boolean {
  return (
    causes.some(({ reason }) => reason === "NamespaceTerminating") || /because it is being terminated/.test(message)
  );
}

/**
 * True when the server refused to change a field of an object that is there, as API validation words it: there is no
 * reason or cause type of its own for it. Recreating would help, so it must not be told from other 422s by guess.
 */
function isImmutable(problem: Problem): boolean {
  return IMMUTABLE.test([problem.message, ...problem.causes.map(({ message }) => message)].join("\n"));
}

/** The same, and the server found nothing else wrong: each cause that it names is about a field that cannot change. */
export function isOnlyImmutable({ status, causes }: Problem): boolean {
  const refusals = causes.filter(({ reason }) => reason === "FieldValueInvalid" || reason === "FieldValueForbidden");
  if (status !== 422 || causes.length === 0 || refusals.length < causes.length) return false;
  return causes.every(({ message }) => IMMUTABLE.test(message));
}

const IMMUTABLE =
  /\bimmutable\b|may not be changed|may not change(?:d)? once set|cannot be changed|cannot change roleRef|updates to .{1,300} (?:is|are) forbidden|updates may not change/s;

/** The server's words with the fields it names, first letter lower, without a full stop. */
function sentence(problem: Problem): string {
  const fields = problem.causes
    .map(({ field }) => field)
    .filter((field) => field !== "" && !problem.message.includes(field));
  const words = fields.length === 0 ? problem.message : `${problem.message} (${[...new Set(fields)].join(", ")})`;
  const plain = shortened(words.replace(/\.$/, ""));
  return /^[A-Z][a-z]+\b/.test(plain) ? plain.charAt(0).toLowerCase() + plain.slice(1) : plain;
}

/** What a sentence keeps of a long text, at its beginning and at its end. */
const KEPT = 300;

/** The server quotes whole pod templates; what is wrong comes before and after them. */
function shortened(words: string): string {
  return words.length <= 2 * KEPT + 3 ? words : `${words.slice(0, KEPT).trimEnd()} … ${words.slice(-KEPT).trimStart()}`;
}
