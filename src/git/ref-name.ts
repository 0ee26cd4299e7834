import { failed, ok, type Result } from "../model/index.ts";

/** What was asked for: a commit by its full id, one exact ref, or a name that is looked for as a branch, then as a tag. */
export type RefName =
  | { readonly kind: "commit"; readonly text: string; readonly commit: string }
  | { readonly kind: "ref"; readonly text: string; readonly candidates: readonly string[] };

/** Reads a ref by the rules of git-check-ref-format(1), plus: no leading dash, nothing that is a revision expression. */
export function parseRef(text: string): Result<RefName> {
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(text)) return ok({ kind: "commit", text, commit: text.toLowerCase() });
  if (text === "HEAD") return ok({ kind: "ref", text, candidates: ["HEAD"] });
  const broken = brokenRule(text);
  if (broken !== undefined) {
    return failed({
      code: "usage/invalid-ref",
      message: `the ref ${JSON.stringify(text.slice(0, 200))} is not valid: ${broken}`,
      remedy: "give a branch, a tag, a full ref such as refs/heads/main, or a commit of 40 digits",
    });
  }
  const candidates = text.startsWith("refs/") ? [text] : [`refs/heads/${text}`, `refs/tags/${text}`];
  return ok({ kind: "ref", text, candidates });
}

function brokenRule(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (text.length > 1000) return "it is too long";
  if (text.startsWith("-")) return "it starts with a dash";
  if (/[\p{Cc}\u2028\u2029 ~^:?*[\\]/u.test(text)) return "it has a character that refs cannot have";
  if (text.includes("..") || text.includes("@{") || text === "@") return "it is a revision expression";
  const parts = text.split("/");
  if (parts.some((part) => part === "" || part.startsWith(".") || part.endsWith(".lock")) || text.endsWith("."))
    return "it has an empty part, or one that starts with a dot or ends in .lock";
  return undefined;
}
