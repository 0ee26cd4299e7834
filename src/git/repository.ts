import { resolve } from "node:path";
import { type Failure, failed, ok, type Result } from "../model/index.ts";

/** Where a repository is, taken apart by our own rules, so that nothing in it can be read as an option or a command. */
export interface Repository {
  readonly transport: "https" | "http" | "ssh" | "file" | "local";
  /** What git is given: no password and, over http, no user. For `local` an absolute path. */
  readonly url: string;
  /** `scheme://host[:port]`, which credentials are bound to; "" where there is no host. */
  readonly origin: string;
  /** User and password that stood in the URL. They go nowhere but into the answer to git's prompt. */
  readonly user?: string;
  readonly password?: string;
}

const DEFAULT_PORT: Readonly<Record<string, string>> = { https: "443", http: "80", ssh: "22" };
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])$/i;
const USER = /^[a-z0-9_][a-z0-9_.+-]*$/i;
const PATH = /^[\w.~/+@%:,=()-]*$/;

/**
 * Reads `https://`, `http://` (when allowed), `ssh://` and `file://` URLs, the scp-like `user@host:path`, and local paths.
 * Remote helpers (`ext::…`), other schemes, options in the place of hosts and users, queries and control characters are
 * refused. A relative path counts from the working directory of the process.
 */
export function parseRepository(text: string, allowHttp: boolean): Result<Repository> {
  if (text === "" || /[\p{Cc}\u2028\u2029]/u.test(text)) return refused("it is empty or has control characters", "");
  if (text.startsWith("-")) return refused("it starts with a dash", text);
  if (/^[a-z][a-z0-9+.-]*::/i.test(text)) return refused("remote helpers are not supported", text);
  const url = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/]*)@)?([^/@]*)(\/.*)?$/i.exec(text);
  if (url !== null) {
    const [, scheme = "", userinfo, authority = "", path = ""] = url;
    return parseUrl({ scheme: scheme.toLowerCase(), userinfo, authority, path, text }, allowHttp);
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return refused("it is not a URL that git understands", text);
  const scp = /^(?:([^/@:]*)@)?([^/:@]*|\[[^/\]]*\]):(.*)$/.exec(text);
  if (scp !== null) return parseScp(text, scp[1], scp[2] ?? "", scp[3] ?? "");
  return ok({ transport: "local", url: resolve(text), origin: "" });
}

interface UrlParts {
  readonly scheme: string;
  readonly userinfo: string | undefined;
  readonly authority: string;
  readonly path: string;
  readonly text: string;
}

function parseUrl(parts: UrlParts, allowHttp: boolean): Result<Repository> {
  const { scheme, userinfo, authority, path, text } = parts;
  if (scheme === "file") {
    if (userinfo !== undefined || (authority !== "" && authority !== "localhost") || path === "")
      return refused("a file URL has the form file:///path", text);
    return ok({ transport: "file", url: `file://${path}`, origin: "" });
  }
  if (scheme !== "https" && scheme !== "http" && scheme !== "ssh")
    return refused(`${scheme}:// is not supported; use https, ssh or file`, text);
  if (scheme === "http" && !allowHttp)
    return refused("plain http is not allowed", text, "use https, or allow it with --allow-http");
  const [, host = "", port] = /^(.*?)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  if (!HOST.test(host)) return refused("its host is not a host name", text);
  if (path.length < 2 || !PATH.test(path) || hasDots(path))
    return refused("its path has characters that are not allowed", text);
  const credentials = splitUserinfo(userinfo);
  if (credentials === undefined) return refused("its user is not valid", text);
  const given = port === undefined || port === DEFAULT_PORT[scheme] ? "" : `:${port}`;
  const place = `${host.toLowerCase()}${given}`;
  const origin = `${scheme}://${place}`;
  if (scheme !== "ssh") return ok({ transport: scheme, url: `${origin}${path}`, origin, ...credentials });
  if (credentials.password !== undefined) return refused("ssh takes a key, not a password", text);
  if (credentials.user !== undefined && !USER.test(credentials.user)) return refused("its user is not valid", text);
  const user = credentials.user === undefined ? "" : `${credentials.user}@`;
  return ok({ transport: "ssh", url: `ssh://${user}${place}${path}`, origin });
}

function parseScp(text: string, user: string | undefined, host: string, path: string): Result<Repository> {
  if (!HOST.test(host)) return refused("its host is not a host name", text);
  if (user !== undefined && !USER.test(user)) return refused("its user is not valid", text);
  if (path === "" || path.startsWith("-") || path.startsWith("//") || !PATH.test(path) || hasDots(path))
    return refused("its path has characters that are not allowed", text);
  const who = user === undefined ? "" : `${user}@`;
  return ok({ transport: "ssh", url: `${who}${host.toLowerCase()}:${path}`, origin: `ssh://${host.toLowerCase()}` });
}

function hasDots(path: string): boolean {
  return path.split("/").some((segment) => segment === ".." || segment === ".");
}

function splitUserinfo(userinfo: string | undefined): { user?: string; password?: string } | undefined {
  if (userinfo === undefined || userinfo === "") return {};
  const colon = userinfo.indexOf(":");
  try {
    const user = decodeURIComponent(colon < 0 ? userinfo : userinfo.slice(0, colon));
    const password = colon < 0 ? undefined : decodeURIComponent(userinfo.slice(colon + 1));
    if (/\p{Cc}/u.test(`${user}${password ?? ""}`)) return undefined;
    return { ...(user === "" ? {} : { user }), ...(password === undefined ? {} : { password }) };
  } catch {
    return undefined; // a stray percent sign
  }
}

function refused(why: string, text: string, remedy?: string): { ok: false; failures: readonly Failure[] } {
  const shown = text === "" ? "the repository" : `the repository ${JSON.stringify(withoutUserinfo(text))}`;
  return failed({
    code: "usage/invalid-repository",
    message: `${shown} cannot be used: ${why}`,
    remedy: remedy ?? "give an https, ssh or file URL, user@host:path, or a path",
  });
}

/** Hides everything before the last `@` of the authority: a refused URL may hold a password in an unexpected form. */
function withoutUserinfo(text: string): string {
  const short = text.slice(0, 200);
  const at = short.lastIndexOf("@");
  if (at < 0) return short;
  const scheme = /^[a-z][a-z0-9+.-]*:(?:\/\/)?/i.exec(short)?.[0] ?? "";
  return `${scheme.endsWith("//") ? scheme : ""}…${short.slice(at)}`;
}
