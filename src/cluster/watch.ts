import { type Clock, child, type Deadline, isObject, type Json, text } from "../model/index.ts";
import { readJson, writeJson } from "./json-exact.ts";
import { liveMetadata } from "./metadata.ts";
import { holdsSecrets, query, resourcePath } from "./paths.ts";
import type { Kind, ListOptions, WatchEvent } from "./port.ts";
import { decodeProblem, statusProblem, timeoutProblem, transportProblem } from "./problem.ts";
import type { Transport } from "./transport.ts";

const ACCEPT = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/** Asked of the server, so that a watch ends in order and is renewed. */
const WATCH_SECONDS = 290;
const READ = { write: false };

/**
 * Metadata events as they come. A watch is a hint only: one that has been silent for longer than the server's bookmarks
 * allow (about one a minute) is given up, for a dead connection looks just like a quiet one.
 */
export async function* watchMetadata(
  transport: Transport,
  kind: Kind,
  options: ListOptions & { readonly resourceVersion: string; readonly silenceMs: number },
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const parameters = {
    watch: "true",
    allowWatchBookmarks: "true",
    timeoutSeconds: String(WATCH_SECONDS),
    resourceVersion: options.resourceVersion,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
  };
  const path = `${resourcePath(kind, kind.version, options.namespace ?? "")}${query(parameters)}`;
  const secret = holdsSecrets(kind);
  const stop = new AbortController(); // ends the connection: the reader left, or the server is silent
  const quiet = silence(options.silenceMs, clock, stop);
  try {
    const either = AbortSignal.any([signal, stop.signal]);
    const opened = await transport.open({ method: "GET", path, accept: ACCEPT, repeatable: true, secret }, either);
    if (!opened.ok) {
      yield { type: "ended", gone: opened.problem.status === 410, problem: opened.problem };
      return;
    }
    for await (const line of lines(opened.value.body, quiet)) {
      const event = readEvent(kind, line, secret);
      if (event !== undefined) yield event;
      if (event?.type === "ended") return;
    }
    yield { type: "ended", gone: false };
  } catch (cause) {
    signal.throwIfAborted();
    const problem = quiet.tooLong() ? timeoutProblem(options.silenceMs, READ) : transportProblem(cause, READ);
    yield { type: "ended", gone: false, problem };
  } finally {
    quiet.end();
    stop.abort();
  }
}

interface Silence {
  /** Something was heard. */
  broken(): void;
  tooLong(): boolean;
  end(): void;
}

/** Aborts `stop` when nothing is heard for `limitMs`. */
function silence(limitMs: number, clock: Clock, stop: AbortController): Silence {
  const listen = (): Deadline => {
    const deadline = clock.deadline(limitMs, stop.signal);
    deadline.signal.addEventListener("abort", () => stop.abort(deadline.signal.reason), { once: true });
    return deadline;
  };
  let current = listen();
  return {
    broken() {
      current.release();
      current = listen();
    },
    tooLong: () => current.expired(),
    end: () => current.release(),
  };
}

async function* lines(body: AsyncIterable<Uint8Array>, quiet: Silence): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    quiet.broken();
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts.filter((part) => part !== "");
  }
  if (rest !== "") yield rest; // cut off, unless it parses
}

function readEvent(kind: Kind, line: string, secret: boolean): WatchEvent | undefined {
  const event = parsed(line);
  const object = isObject(event) ? child(event, "object") : undefined;
  const type = (isObject(event) ? text(event, "type") : undefined) ?? "";
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED": {
      const metadata = liveMetadata(kind, object);
      if (metadata === undefined) return broken(`a watch event of ${kind.resource} has no identity`);
      return { type: type === "ADDED" ? "added" : type === "MODIFIED" ? "modified" : "deleted", object: metadata };
    }
    case "BOOKMARK": {
      const resourceVersion = text(child(object, "metadata"), "resourceVersion");
      return resourceVersion === undefined ? undefined : { type: "bookmark", resourceVersion };
    }
    case "ERROR": {
      const code = typeof object?.["code"] === "number" ? object["code"] : 500;
      const problem = statusProblem(code, writeJson(object ?? {}), undefined, { write: false, secret });
      return { type: "ended", gone: code === 410, problem };
    }
    default:
      return broken(`a watch event of ${kind.resource} is cut off or no event`);
  }
}

function parsed(line: string): Json | undefined {
  try {
    return readJson(line);
  } catch {
    return undefined;
  }
}

function broken(message: string): WatchEvent {
  return { type: "ended", gone: false, problem: decodeProblem(message, READ) };
}
