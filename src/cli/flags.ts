/** What a flag's value is, which decides how it is read. */
type FlagKind = "text" | "list" | "count" | "percent" | "duration" | "switch" | "output" | "address";

export interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly kind: FlagKind;
  /** The word for the value in help; none for switches. */
  readonly value?: string;
  readonly group: FlagGroup;
  readonly text: string;
  /** Shown in help; the value itself is settled in `settings.ts`. */
  readonly fallback?: string;
}

type FlagGroup = "Source" | "Credentials" | "Cluster" | "Services" | "Deletes" | "Limits" | "Output" | "Serving";

/** Every flag, once. The environment variable of each is GITOPS_ and its name in capitals; the flag wins. */
export const FLAGS = {
  repo: {
    name: "repo",
    kind: "text",
    value: "<url|folder>",
    group: "Source",
    text: "the git repository: https, ssh or file URL, or a local folder",
    fallback: ".",
  },
  ref: {
    name: "ref",
    kind: "text",
    value: "<ref>",
    group: "Source",
    text: "branch, tag or commit with all of its digits",
    fallback: "HEAD of the repository",
  },
  path: {
    name: "path",
    kind: "text",
    value: "<folder>",
    group: "Source",
    text: "folder below which services are looked for",
    fallback: "the whole repository",
  },
  cacheDir: {
    name: "cache-dir",
    kind: "text",
    value: "<dir>",
    group: "Source",
    text: "where the git mirror, known builds and the status are kept; it can be deleted at any time",
    fallback: "$XDG_CACHE_HOME/gitops or ~/.cache/gitops",
  },
  allowHttp: {
    name: "allow-http",
    kind: "switch",
    group: "Source",
    text: "allow http:// repositories, whose content and passwords anyone on the way can read",
  },

  gitTokenFile: {
    name: "git-token-file",
    kind: "text",
    value: "<file>",
    group: "Credentials",
    text: "file with the token or password for https; read anew at each fetch",
  },
  gitTokenEnv: {
    name: "git-token-env",
    kind: "text",
    value: "<name>",
    group: "Credentials",
    text: "environment variable with the token or password for https",
    fallback: "GITOPS_GIT_TOKEN, when it is set",
  },
  gitUsername: {
    name: "git-username",
    kind: "text",
    value: "<name>",
    group: "Credentials",
    text: "user that goes with the token",
    fallback: "x-access-token",
  },
  sshKey: {
    name: "ssh-key",
    kind: "text",
    value: "<file>",
    group: "Credentials",
    text: "private key for ssh",
    fallback: "ssh's own keys and agent",
  },
  knownHosts: {
    name: "known-hosts",
    kind: "text",
    value: "<file>",
    group: "Credentials",
    text: "host keys for ssh, with --ssh-key",
    fallback: "~/.ssh/known_hosts",
  },
  gitCredentialHelper: {
    name: "git-credential-helper",
    kind: "switch",
    group: "Credentials",
    text: "ask the credential helper that git is configured with",
  },

  cluster: {
    name: "cluster",
    kind: "text",
    value: "<cluster>",
    group: "Cluster",
    text: "kubeconfig: a real one; empty: one inside this process with nothing in it, so that everything is new; embedded or embedded:<file>: one inside this process, kept in the file",
    fallback: "kubeconfig",
  },
  kubeconfig: {
    name: "kubeconfig",
    kind: "text",
    value: "<file>",
    group: "Cluster",
    text: "kubeconfig file",
    fallback: "$KUBECONFIG, ~/.kube/config, then the pod's service account",
  },
  context: {
    name: "context",
    kind: "text",
    value: "<name>",
    group: "Cluster",
    text: "context of the kubeconfig",
    fallback: "its current context",
  },
  defaultNamespace: {
    name: "default-namespace",
    kind: "text",
    value: "<name>",
    group: "Cluster",
    text: "namespace of namespaced objects that name none",
    fallback: "default",
  },
  clusterUid: {
    name: "cluster-uid",
    kind: "text",
    value: "<uid>",
    group: "Cluster",
    text: "the cluster that is meant: the uid of its kube-system namespace; any other is refused",
    fallback: "the cluster of the first sync from this machine, for this scope and context",
  },
  statusNamespace: {
    name: "status-namespace",
    kind: "text",
    value: "<name>",
    group: "Cluster",
    text: 'where status, suspensions and confirmations are kept in the cluster; "" or off: nowhere',
    fallback: "the namespace of the pod that it runs in, or gitops-system",
  },
  scope: {
    name: "scope",
    kind: "text",
    value: "<name>",
    group: "Cluster",
    text: "names the set of services kept in the cluster from here; two repositories in one cluster need two scopes",
    fallback: '--path, or "default" for the whole repository',
  },

  service: {
    name: "service",
    kind: "list",
    value: "<glob>",
    group: "Services",
    text: "only services whose id, or its last part, matches; /pay is the whole id; can be repeated (environment: comma-separated)",
  },
  adopt: {
    name: "adopt",
    kind: "list",
    value: "<tool>",
    group: "Services",
    text: "take over objects that flux, helm, argo or kapp have, or all; can be repeated (or comma-separated)",
  },

  confirm: {
    name: "confirm",
    kind: "text",
    value: "<commit>",
    group: "Deletes",
    text: "do the deletes that are held at this commit (at least 7 digits)",
  },
  maxDeletes: {
    name: "max-deletes",
    kind: "count",
    value: "<count>",
    group: "Deletes",
    text: "hold a service's deletes when there are more",
    fallback: "as gitops.yaml says, else 50",
  },
  maxDeleteShare: {
    name: "max-delete-share",
    kind: "percent",
    value: "<percent>",
    group: "Deletes",
    text: "hold a service's deletes when they are a greater share of its objects",
    fallback: "as gitops.yaml says, else 50%",
  },
  maxRunDeletes: {
    name: "max-run-deletes",
    kind: "count",
    value: "<count>",
    group: "Deletes",
    text: "hold all deletes when there are more in the whole run",
    fallback: "as gitops.yaml says, else 200",
  },
  maxRunDeleteShare: {
    name: "max-run-delete-share",
    kind: "percent",
    value: "<percent>",
    group: "Deletes",
    text: "hold all deletes when they are a greater share of all objects",
    fallback: "as gitops.yaml says, else 20%",
  },
  maxGoneServices: {
    name: "max-gone-services",
    kind: "count",
    value: "<count>",
    group: "Deletes",
    text: "hold deletes of services that left git when more left",
    fallback: "as gitops.yaml says, else 20",
  },
  maxGoneShare: {
    name: "max-gone-share",
    kind: "percent",
    value: "<percent>",
    group: "Deletes",
    text: "hold deletes of services that left git when a greater share left",
    fallback: "as gitops.yaml says, else 20%",
  },

  concurrency: {
    name: "concurrency",
    kind: "count",
    value: "<count>",
    group: "Limits",
    text: "services worked on at once",
    fallback: "16",
  },
  timeout: {
    name: "timeout",
    kind: "duration",
    value: "<duration>",
    group: "Limits",
    text: "longest that the command, or one pass of run, may take",
    fallback: "30m",
  },

  reason: {
    name: "reason",
    kind: "text",
    value: "<text>",
    group: "Services",
    text: "why; everybody who looks at the status sees it",
  },
  until: {
    name: "until",
    kind: "text",
    value: "<duration|time>",
    group: "Services",
    text: "when it ends by itself: in 2h, or at 2026-05-01T08:00:00Z",
    fallback: "when somebody resumes it",
  },
  dryRun: {
    name: "dry-run",
    kind: "switch",
    group: "Services",
    text: "let the API server judge every write, and write nothing",
  },
  staleAfter: {
    name: "stale-after",
    kind: "duration",
    value: "<duration>",
    group: "Limits",
    text: "a service without a success for longer is stale",
    fallback: "1h",
  },

  poll: {
    name: "poll",
    kind: "duration",
    value: "<duration>",
    group: "Serving",
    text: "how often the ref is looked at",
    fallback: "15s",
  },
  interval: {
    name: "interval",
    kind: "duration",
    value: "<duration>",
    group: "Serving",
    text: "how often everything is compared with the cluster although the ref stands still",
    fallback: "5m",
  },
  stuckAfter: {
    name: "stuck-after",
    kind: "duration",
    value: "<duration>",
    group: "Serving",
    text: "/healthz fails when nothing has moved for longer",
    fallback: "15m",
  },
  listen: {
    name: "listen",
    kind: "address",
    value: "<host:port>",
    group: "Serving",
    text: "where /healthz, /readyz and /metrics are served",
    fallback: "0.0.0.0:8080",
  },

  keep: {
    name: "keep",
    kind: "switch",
    group: "Serving",
    text: "leave the cluster and the repository up afterwards, until Ctrl-C, and say how to look around",
  },

  output: {
    name: "output",
    short: "o",
    kind: "output",
    value: "<format>",
    group: "Output",
    text: "text, json or yaml",
    fallback: "text",
  },
  verbose: { name: "verbose", short: "v", kind: "switch", group: "Output", text: "say more on the way" },
  noColor: {
    name: "no-color",
    kind: "switch",
    group: "Output",
    text: "no colours; NO_COLOR and FORCE_COLOR are honoured, too",
  },
} as const satisfies Readonly<Record<string, Flag>>;

export type FlagName = keyof typeof FLAGS;

/** The environment variable that stands in for a flag. */
export function variableOf(flag: Flag): string {
  return `GITOPS_${flag.name.replaceAll("-", "_").toUpperCase()}`;
}

const SOURCE: readonly FlagName[] = ["repo", "ref", "path", "cacheDir", "allowHttp"];
const CREDENTIALS: readonly FlagName[] = [
  "gitTokenFile",
  "gitTokenEnv",
  "gitUsername",
  "sshKey",
  "knownHosts",
  "gitCredentialHelper",
];
const CLUSTER: readonly FlagName[] = ["cluster", "kubeconfig", "context", "clusterUid", "scope", "statusNamespace"];
const OUTPUT: readonly FlagName[] = ["output", "verbose", "noColor"];
const DELETES: readonly FlagName[] = [
  "confirm",
  "maxDeletes",
  "maxDeleteShare",
  "maxRunDeletes",
  "maxRunDeleteShare",
  "maxGoneServices",
  "maxGoneShare",
];

/** Flags of what reads git only. Those of the cluster are taken, too, so that one set of flags serves every command. */
export const READING: readonly FlagName[] = ["service", ...SOURCE, ...CREDENTIALS, ...CLUSTER, "timeout", ...OUTPUT];
/** Flags of what compares git with a cluster. */
export const COMPARING: readonly FlagName[] = [
  "service",
  "adopt",
  ...SOURCE,
  ...CREDENTIALS,
  ...CLUSTER,
  "defaultNamespace",
  ...DELETES,
  "concurrency",
  "timeout",
  ...OUTPUT,
];
/** Flags of what looks at a cluster and at what passes left behind. */
export const LOOKING: readonly FlagName[] = [
  "service",
  ...SOURCE,
  ...CREDENTIALS,
  ...CLUSTER,
  "staleAfter",
  "timeout",
  ...OUTPUT,
];
/** Flags of what asks for something to be done at the next passes. */
export const ASKING: readonly FlagName[] = LOOKING.filter((name) => name !== "service" && name !== "staleAfter");
/** Flags of the long run. */
export const SERVING: readonly FlagName[] = [
  ...COMPARING.filter((name) => name !== "output" && name !== "noColor"),
  "poll",
  "interval",
  "stuckAfter",
  "listen",
];
