import { type Clock, failed, ok, type Result, text } from "../model/index.ts";
import type { Access } from "./access.ts";
import { credentialsOf } from "./credentials.ts";
import { httpCluster } from "./http-cluster.ts";
import { readContext } from "./kubeconfig.ts";
import { limited } from "./limited.ts";
import type { Cluster } from "./port.ts";
import { retrying } from "./retrying.ts";
import { transport } from "./transport.ts";

/** How to talk to a cluster. Everything but `access` and `userAgent` has a default that suits. */
export interface ClusterConfig {
  readonly access: Access;
  /** `gitops/<version>`: how the server's audit log names us. */
  readonly userAgent: string;
  /** Requests at once, watches apart. */
  readonly inFlight?: number;
  /** A request that takes longer gives its place among those at once to the next. */
  readonly patienceMs?: number;
  /** For one request, from sending it to the last byte of its reply. */
  readonly requestDeadlineMs?: number;
  /** Sends of one request in all. */
  readonly attempts?: number;
  readonly retryBaseMs?: number;
  /** Objects a page of a list. */
  readonly pageSize?: number;
  /** A watch that is silent for so long is given up. */
  readonly watchSilenceMs?: number;
}

/** A cluster, and what the kubeconfig says of it. */
export interface Connection extends Cluster {
  /** The context's name. */
  readonly context: string;
  readonly server: string;
  /** Where namespaced objects that name no namespace go: the context's, or `default`. */
  readonly namespace: string;
}

/** A request that takes longer than this waits for somebody else, an admission webhook mostly, and not for the server. */
const PATIENCE_MS = 1_000;

/** Open at once, those included that wait for a hanging webhook: the API server itself takes some hundred (200 writes). */
const CONNECTIONS_MAX = 256;
/** A pass begins with a list of every kind. Each that waits for no other needs a connection of its own, which costs more than the list. */
const READS_AT_ONCE = 8;

/** Reads the kubeconfig and gets credentials; no request is sent yet. */
export async function connect(config: ClusterConfig, clock: Clock): Promise<Result<Connection>> {
  const context = await readContext(config.access);
  if (!context.ok) return context;
  const { server, cluster, name, namespace } = context.value;
  const proxyUrl = text(cluster, "proxy-url");
  if (proxyUrl !== undefined && !/^https?:/.test(proxyUrl)) {
    return failed({
      code: "cluster/invalid-kubeconfig",
      message: `context "${name}": proxy-url is neither http nor https`,
      remedy: "set proxy-url to an http or https proxy",
    });
  }
  const readCredentials = credentialsOf(context.value);
  const credentials = await readCredentials(false);
  if (!credentials.ok) return credentials;
  const inFlight = config.inFlight ?? 32;
  const wire = transport(
    {
      server,
      ...(proxyUrl === undefined ? {} : { proxyUrl }),
      userAgent: config.userAgent,
      connections: CONNECTIONS_MAX,
      deadlineMs: config.requestDeadlineMs ?? 30_000,
      credentials: credentials.value,
      readCredentials,
    },
    clock,
  );
  const policy = {
    attempts: config.attempts ?? 4,
    baseMs: config.retryBaseMs ?? 200,
    maxMs: 5_000,
    random: Math.random,
  };
  const patienceMs = config.patienceMs ?? PATIENCE_MS;
  const line = limited(wire.send, { inFlight, patienceMs }, clock);
  const reads = limited(line, { inFlight: Math.min(inFlight, READS_AT_ONCE), patienceMs }, clock);
  const send = retrying((request, signal) => (request.method === "GET" ? reads : line)(request, signal), policy, clock);
  const options = { pageSize: config.pageSize ?? 500, watchSilenceMs: config.watchSilenceMs ?? 150_000 };
  return ok({ ...httpCluster(send, wire, options, clock), context: name, server: server.href, namespace });
}
