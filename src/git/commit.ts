/** What a commit says of itself. Texts are as its author wrote them: they may hold anything, line breaks only in `message`. */
export interface Commit {
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly email: string;
  readonly subject: string;
  /** All of it, subject and trailers included, with its line breaks. */
  readonly message: string;
  /** When it was committed, milliseconds since 1970. */
  readonly timeMs: number;
}

/** Parses a raw commit object; undefined when it is none. */
export function parseCommit(id: string, bytes: Buffer): Commit | undefined {
  const text = bytes.toString("utf8");
  const end = text.indexOf("\n\n");
  const headers = (end < 0 ? text : text.slice(0, end)).split("\n");
  const header = (name: string): string | undefined =>
    headers.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
  const tree = header("tree");
  if (tree === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(tree)) return undefined;
  const author = /^(.*?) ?<([^>]*)>/.exec(header("author") ?? "");
  const seconds = /> (-?\d+) [+-]\d+$/.exec(header("committer") ?? "")?.[1] ?? "0";
  return {
    id,
    tree,
    parents: headers.filter((line) => line.startsWith("parent ")).map((line) => line.slice("parent ".length)),
    author: author?.[1] ?? "",
    email: author?.[2] ?? "",
    subject:
      end < 0
        ? ""
        : (
            text
              .slice(end + 2)
              .trimStart()
              .split("\n")[0] ?? ""
          ).trimEnd(),
    message: end < 0 ? "" : text.slice(end + 2),
    timeMs: Number(seconds) * 1000,
  };
}
