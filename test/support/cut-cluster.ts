import type { Answer, Cluster, Kind } from "../../src/cluster/index.ts";

/** A cluster whose program dies with its n-th request, counted from 0: before the server got it, or after it did it. */
export interface CutCluster {
  readonly cluster: Cluster;
  /** Resolves when the program is to be given up: no request of it is answered from then on. */
  readonly cut: Promise<void>;
  /** Requests that were sent, and the writes among them, as `apply ConfigMap shop/cart`. */
  readonly count: () => number;
  readonly writes: readonly string[];
}

/** Only kinds that `serves` picks are told to be there, so that a pass has no more requests than it needs. */
export function cutCluster(
  real: Cluster,
  serves: (kind: Kind) => boolean,
  point?: { readonly at: number; readonly after: boolean },
): CutCluster {
  const state = { count: 0, dead: false };
  const writes: string[] = [];
  let end: () => void = () => undefined;
  const cut = new Promise<void>((resolve) => (end = resolve));
  const never = new Promise<never>(() => undefined);
  const die = (): Promise<never> => {
    state.dead = true;
    end();
    return never;
  };
  const send = async <T>(what: string, request: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    const at = state.count++;
    if (state.dead) return await never;
    if (point?.at === at && !point.after) return await die();
    if (what !== "") writes.push(what);
    const answer = await request();
    return point?.at === at ? await die() : answer;
  };
  const named = (verb: string, { kind }: Kind, namespace: string, name: string): string =>
    `${verb} ${kind} ${namespace}/${name}`;
  const cluster: Cluster = {
    ...real,
    kinds: (signal) =>
      send("", async () => {
        const answer = await real.kinds(signal);
        if (!answer.ok) return answer;
        return { ok: true, value: { ...answer.value, kinds: answer.value.kinds.filter(serves) } };
      }),
    list: (...asked) => send("", () => real.list(...asked)),
    listObjects: (...asked) => send("", () => real.listObjects(...asked)),
    get: (...asked) => send("", () => real.get(...asked)),
    metadata: (...asked) => send("", () => real.metadata(...asked)),
    apply: (kind, manifest, ...asked) =>
      send(named("apply", kind, manifest.metadata.namespace ?? "", manifest.metadata.name), () =>
        real.apply(kind, manifest, ...asked),
      ),
    remove: (kind, namespace, name, ...asked) =>
      send(named("remove", kind, namespace, name), () => real.remove(kind, namespace, name, ...asked)),
  };
  return { cluster, cut, count: () => state.count, writes };
}
