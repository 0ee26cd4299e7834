import { expect, test } from "vitest";
import type { Kind, ListOptions, WatchEvent } from "../../../src/cluster/index.ts";
import { configMap, type Subject, value } from "./subject.ts";

/** Watching from a list's version on. */
export function watchCases(s: Subject): void {
  /** The first `count` events that are no bookmarks, as short texts. */
  const events = async (kind: Kind, options: ListOptions & { resourceVersion: string }, count: number) => {
    const seen: string[] = [];
    for await (const event of s.cluster.watch(kind, options, s.signal)) {
      const text = words(event);
      if (text !== undefined) seen.push(text);
      if (event.type === "ended" || seen.length === count) break;
    }
    return seen;
  };
  const version = async (kind: Kind, options: ListOptions) => {
    const { resourceVersion } = value(await s.cluster.list(kind, options, s.signal));
    return { ...options, resourceVersion };
  };
  const remove = async (kind: Kind, namespace: string, name: string) => {
    const live = await s.metadata(configMap(namespace, name, {}));
    const options = { uid: live.uid, resourceVersion: live.resourceVersion, propagation: "Background" } as const;
    value(await s.cluster.remove(kind, namespace, name, options, s.signal));
  };

  test("what happens after the list is told in order", async () => {
    const ns = await s.namespace();
    const kind = await s.kind("ConfigMap");
    await s.apply(configMap(ns, "before", {}));
    const from = await version(kind, { namespace: ns });
    const watching = events(kind, from, 4);
    await s.apply(configMap(ns, "one", { a: "1" }));
    await s.apply(configMap(ns, "one", { a: "2" }));
    await s.apply(configMap(ns, "two", {}));
    await remove(kind, ns, "one");
    expect(await watching).toEqual(["added one", "modified one", "added two", "deleted one"]);
  });

  test("what happened between the list and the watch is told too", async () => {
    const ns = await s.namespace();
    const kind = await s.kind("ConfigMap");
    const from = await version(kind, { namespace: ns });
    await s.apply(configMap(ns, "missed", {}));
    await remove(kind, ns, "missed");
    expect(await events(kind, from, 2)).toEqual(["added missed", "deleted missed"]);
  });

  test("an event carries the object's metadata at that moment", async () => {
    const ns = await s.namespace();
    const kind = await s.kind("ConfigMap");
    const from = await version(kind, { namespace: ns });
    const live = await s.apply(configMap(ns, "told", { a: "1" }, { labels: { x: "1" } }));
    for await (const event of s.cluster.watch(kind, from, s.signal)) {
      expect(event).toEqual({ type: "added", object: await s.metadata(configMap(ns, "told", {})) });
      expect(event.type === "added" && event.object.resourceVersion).toBe(live.metadata.resourceVersion);
      break;
    }
  });

  test("an object that leaves the selector is deleted to the watcher, one that comes in is added", async () => {
    const ns = await s.namespace();
    const kind = await s.kind("ConfigMap");
    const from = await version(kind, { namespace: ns, labelSelector: "app=a" });
    await s.apply(configMap(ns, "in", {}, { labels: { app: "a" } }));
    await s.apply(configMap(ns, "out", {}, { labels: { app: "b" } }));
    await s.apply(configMap(ns, "in", {}, { labels: { app: "b" } }));
    await s.apply(configMap(ns, "out", {}, { labels: { app: "a" } }));
    expect(await events(kind, from, 3)).toEqual(["added in", "deleted in", "added out"]);
  });

  test("a kind that is not served ends at once, with the problem", async () => {
    const kind = { ...(await s.kind("Deployment", "apps")), resource: "things" };
    const seen: WatchEvent[] = [];
    for await (const event of s.cluster.watch(kind, { resourceVersion: "1" }, s.signal)) seen.push(event);
    expect(seen).toMatchObject([{ type: "ended", gone: false, problem: { status: 404 } }]);
  });

  test("an abort ends it with the signal's reason", async () => {
    const kind = await s.kind("ConfigMap");
    const from = await version(kind, { namespace: await s.namespace() });
    const [stop, reason] = [new AbortController(), new Error("enough")];
    const watching = (async () => {
      for await (const event of s.cluster.watch(kind, from, stop.signal)) if (event.type === "ended") return event;
      return "no last event";
    })();
    stop.abort(reason);
    await expect(watching).rejects.toBe(reason);
  });
}

function words(event: WatchEvent): string | undefined {
  switch (event.type) {
    case "added":
    case "modified":
    case "deleted":
      return `${event.type} ${event.object.ref.name}`;
    case "bookmark":
      return undefined;
    case "ended":
      return `ended ${JSON.stringify(event)}`;
  }
}
