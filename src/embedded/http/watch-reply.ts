import type { Json, JsonObject } from "../../model/index.ts";
import { statusOf } from "../api/status.ts";
import type { Core } from "../core.ts";
import { apiVersionOf } from "../kinds/registry.ts";
import type { Change } from "../verbs/read.ts";
import { watchObjects } from "../verbs/watch.ts";
import type { Target } from "../world.ts";
import { type ApiReply, formOf, isTrue } from "./request.ts";
import { failure, partial } from "./shapes.ts";

const WATCH_SECONDS = 1800;
const INITIAL_END = "k8s.io/initial-events-end";

/** A watch: one event a line until its time is over; a version that is too old is an event that says 410. */
export function watchReply(
  core: Core,
  target: Target,
  query: URLSearchParams,
  name: string,
  accept: string | undefined,
): ApiReply {
  const fields = [query.get("fieldSelector") ?? "", name === "" ? "" : `metadata.name=${name}`].filter(
    (one) => one !== "",
  );
  const limit = core.world.clock.deadline(Number(query.get("timeoutSeconds") ?? WATCH_SECONDS) * 1000, core.closed);
  const bookmarks = isTrue(query.get("allowWatchBookmarks"));
  const begun = watchObjects(
    target,
    {
      labelSelector: query.get("labelSelector") ?? "",
      fieldSelector: fields.join(","),
      resourceVersion: query.get("resourceVersion") ?? "",
      bookmarks,
      initialEvents: isTrue(query.get("sendInitialEvents")),
    },
    [limit.signal],
  );
  const line = (change: Change): Json => eventOf(target, change, formOf(accept) === "metadata");
  if (!begun.ok) {
    limit.release();
    if (begun.refusal.code !== 410) return failure(begun.refusal);
    return { kind: "stream", lines: once({ type: "ERROR", object: statusOf(begun.refusal) }) };
  }
  const changes = begun.value;
  async function* lines(): AsyncGenerator<Json> {
    try {
      for await (const change of changes) yield line(change);
      if (bookmarks && !core.closed.aborted)
        yield line({ type: "BOOKMARK", version: core.world.store.version(), initialEnd: false });
    } finally {
      limit.release();
    }
  }
  return { kind: "stream", lines: lines() };
}

async function* once(value: Json): AsyncGenerator<Json> {
  yield value;
}

function eventOf(target: Target, change: Change, metadataOnly: boolean): JsonObject {
  if (change.type === "GONE") return { type: "ERROR", object: { kind: "Status", message: change.message } };
  if (change.type !== "BOOKMARK")
    return { type: change.type, object: metadataOnly ? partial(change.object) : change.object };
  const annotations = change.initialEnd ? { annotations: { [INITIAL_END]: "true" } } : {};
  const metadata = { resourceVersion: String(change.version), ...annotations };
  const { served } = target;
  const object = { kind: served.kind, apiVersion: apiVersionOf(served), metadata };
  return { type: "BOOKMARK", object: metadataOnly ? partial(object) : object };
}
