/**
 * What a commit says of itself. Texts are as its author wrote them: they may hold anything, line breaks only in `message`. Those of
 * one line end with … where they are longer than anybody reads.
 */
export interface Commit {
  readonly id: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: string;
  readonly email: string;
  readonly subject: string;
  /**
   * All of it, subject and trailers included, with its line breaks. Empty when it is longer than is read: what a part of it
   * seems to say, the whole may not.
   */
  readonly message: string;
  /** When it was committed, milliseconds since 1970. */
  readonly timeMs: number;
}

const NAME_MAX = 200;
const SUBJECT_MAX = 1000;

/**
 * Parses a raw commit object; undefined when it is none. Of a longer one `bytes` are the beginning, which has to go as far as
 * its message: where headers are missing, so may be parents.
 */
export function parseCommit(id: string, bytes: Buffer, size: number): Commit | undefined {
  const text = bytes.toString("utf8");
  const isCut = bytes.length < size;
  const end = text.indexOf("\n\n");
  if (isCut && end < 0) return undefined;
  const headers = (end < 0 ? text : text.slice(0, end)).split("\n");
  const header = (name: string): string | undefined =>
    headers.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
  const tree = header("tree");
  if (tree === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(tree)) return undefined;
  const author = /^(.*?) ?<([^>]*)>/.exec(header("author") ?? "");
  const seconds = /> (-?\d+) [+-]\d+$/.exec(header("committer") ?? "")?.[1] ?? "0";
  const message = end < 0 ? "" : text.slice(end + 2);
  return {
    id,
    tree,
    parents: headers.filter((line) => line.startsWith("parent ")).map((line) => line.slice("parent ".length)),
    author: shortened(author?.[1] ?? "", NAME_MAX),
    email: shortened(author?.[2] ?? "", NAME_MAX),
    subject: shortened((message.trimStart().split("\n", 1)[0] ?? "").trimEnd(), SUBJECT_MAX),
    message: isCut ? "" : message,
    timeMs: Number(seconds) * 1000,
  };
}

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
