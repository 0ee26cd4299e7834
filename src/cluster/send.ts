import type { Answer } from "./port.ts";

/** One HTTP request to the API server. */
export interface Request {
  readonly method: "GET" | "PATCH" | "DELETE";
  /** Path and query below the server's URL, encoded. */
  readonly path: string;
  readonly accept: string;
  readonly body?: { readonly type: string; readonly text: string };
  /** Sending it twice does no more than sending it once, so it may be sent again after a lost answer. */
  readonly repeatable: boolean;
  /** A 404 that says that the object of this name is not there is a Reply, not a Problem. */
  readonly absent?: string;
  /** The body of an error may quote a Secret (law L8). */
  readonly secret: boolean;
}

/** A successful (2xx) reply; or a 404, where the request allows for it. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Sends one request and reads the whole reply. Rejects only when the signal aborts. */
export type Send = (request: Request, signal: AbortSignal) => Promise<Answer<Reply>>;
