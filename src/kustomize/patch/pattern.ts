/** Tells whether a text matches as a whole. */
export type Matcher = (text: string) => boolean;

/** Why a pattern cannot be used. */
export interface PatternProblem {
  readonly problem: string;
}

/**
 * A matcher for a Go regular expression (RE2 syntax) that must match from end to end. What RE2 and JavaScript write or
 * mean differently is rewritten; what only one of them has is a problem, as it is for kustomize or because it could not be
 * honoured.
 */
export function wholeMatcher(pattern: string): Matcher | PatternProblem {
  return /^[\w/-]*$/.test(pattern) ? (text) => text === pattern : compile(pattern, "^(?:", ")$");
}

/** The same of an expression that may match any part of the text. */
export function partMatcher(pattern: string): Matcher | PatternProblem {
  return /^[\w/-]*$/.test(pattern) ? (text) => text.includes(pattern) : compile(pattern, "", "");
}

function compile(pattern: string, before: string, after: string): Matcher | PatternProblem {
  const rewriting: Rewriting = { pattern, at: 0, flags: new Set(["u"]), problem: undefined };
  const body = rewrite(rewriting);
  if (rewriting.problem !== undefined) return { problem: rewriting.problem };
  try {
    const expression = new RegExp(`${before}${body}${after}`, [...rewriting.flags].join(""));
    return (text) => expression.test(text);
  } catch {
    return { problem: "it is no valid regular expression" };
  }
}

interface Rewriting {
  readonly pattern: string;
  at: number;
  readonly flags: Set<string>;
  problem: string | undefined;
}

const SPACE = "\\t\\n\\f\\r ";

function rewrite(r: Rewriting): string {
  let out = "";
  while (r.at < r.pattern.length && r.problem === undefined) {
    const char = r.pattern[r.at] ?? "";
    if (char === "\\") out += escaped(r, false);
    else if (char === "[") out += characterClass(r);
    else if (char === "(") out += group(r);
    else {
      r.at += 1;
      if (char === ".") out += r.flags.has("s") ? "." : "[^\\n]";
      else if (char === "{") out += /^\{\d+(?:,\d*)?\}/.test(r.pattern.slice(r.at - 1)) ? "{" : "\\{";
      else if (char === "}") out += /\{\d+(?:,\d*)?$/.test(r.pattern.slice(0, r.at - 1)) ? "}" : "\\}";
      else out += char === "]" ? "\\]" : char;
    }
  }
  return out;
}

/** `(?i)` and the like are taken as flags of the whole, and so only where nothing stands before them. */
function group(r: Rewriting): string {
  const rest = r.pattern.slice(r.at);
  if (!rest.startsWith("(?")) return take(r, 1, "(");
  if (rest.startsWith("(?:")) return take(r, 3, "(?:");
  const name = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest);
  if (name !== null) return take(r, name[0].length, `(?<${name[1] ?? ""}>`);
  const flags = /^\(\?([ims]+)\)/.exec(rest);
  if (flags !== null && r.at === 0) {
    for (const flag of flags[1] ?? "") r.flags.add(flag);
    return take(r, flags[0].length, "");
  }
  r.problem = /^\(\?<?[=!]/.test(rest)
    ? "Go's regular expressions have no look-ahead or look-behind"
    : "this sort of group cannot be used";
  return "";
}

function characterClass(r: Rewriting): string {
  r.at += 1;
  let out = "[";
  if (r.pattern[r.at] === "^") out += take(r, 1, "^");
  if (r.pattern[r.at] === "]") out += take(r, 1, "\\]");
  while (r.problem === undefined) {
    const char = r.pattern[r.at];
    if (char === undefined) {
      r.problem = "a [ is not closed";
      break;
    }
    if (char === "]") return out + take(r, 1, "]");
    const named = /^\[:(\^?)(\w+):\]/.exec(r.pattern.slice(r.at));
    if (named !== null) out += take(r, named[0].length, namedClass(r, named[1] ?? "", named[2] ?? ""));
    else if (char === "\\") out += escaped(r, true);
    else
      out += take(
        r,
        1,
        char === "[" || char === "&" || char === "~" ? `\\${char === "&" ? "x26" : char === "~" ? "x7e" : "["}` : char,
      );
  }
  return out;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["alnum", "0-9A-Za-z"],
  ["alpha", "A-Za-z"],
  ["ascii", "\\x00-\\x7f"],
  ["blank", "\\t "],
  ["cntrl", "\\x00-\\x1f\\x7f"],
  ["digit", "0-9"],
  ["graph", "!-\\x7e"],
  ["lower", "a-z"],
  ["print", " -\\x7e"],
  ["punct", "!-\\/:-@\\[-`\\{-\\x7e"],
  ["space", "\\t\\n\\v\\f\\r "],
  ["upper", "A-Z"],
  ["word", "0-9A-Za-z_"],
  ["xdigit", "0-9A-Fa-f"],
]);

function namedClass(r: Rewriting, negated: string, name: string): string {
  const members = NAMED.get(name);
  if (members === undefined || negated !== "") r.problem = `the class [:${negated}${name}:] cannot be used`;
  return members ?? "";
}

function escaped(r: Rewriting, inClass: boolean): string {
  const rest = r.pattern.slice(r.at);
  const char = rest[1];
  if (char === undefined) {
    r.problem = "it ends in a backslash";
    return "";
  }
  if (char === "Q" && !inClass) {
    const end = rest.indexOf("\\E");
    const text = rest.slice(2, end < 0 ? undefined : end);
    return take(r, end < 0 ? rest.length : end + 2, text.replace(/[$()*+./?[\\\]^{|}]/g, "\\$&"));
  }
  if (char === "s" || char === "S") {
    if (inClass && char === "S") r.problem = "\\S inside brackets cannot be used";
    return take(r, 2, inClass ? SPACE : char === "s" ? `[${SPACE}]` : `[^${SPACE}]`);
  }
  if (!inClass && (char === "A" || char === "z")) return take(r, 2, char === "A" ? "^" : "$");
  if (char === "a") return take(r, 2, "\\x07");
  const code = /^\\x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))/.exec(rest) ?? /^\\0?([0-7]{3})/.exec(rest);
  if (code !== null) {
    const octal = !code[0].startsWith("\\x");
    return take(r, code[0].length, `\\u{${Number.parseInt(code[1] ?? code[2] ?? "0", octal ? 8 : 16).toString(16)}}`);
  }
  const property = /^\\([pP])(?:\{(\^?)(\w+)\}|([A-Z]))/.exec(rest);
  if (property !== null) {
    const name = property[3] ?? property[4] ?? "";
    const letter = property[2] === "^" ? (property[1] === "p" ? "P" : "p") : property[1];
    return take(r, property[0].length, `\\${letter}{${name.length <= 2 ? name : `Script=${name}`}}`);
  }
  if (/[dDwWfnrtv]/.test(char) || (!inClass && /[bB]/.test(char))) return take(r, 2, `\\${char}`);
  if (/\w/.test(char)) {
    r.problem = /[1-9]/.test(char) ? "Go's regular expressions have no back references" : `\\${char} cannot be used`;
    return "";
  }
  return take(r, 2, /[$()*+./?[\\\]^{|}]/.test(char) || (inClass && char === "-") ? `\\${char}` : char);
}

function take(r: Rewriting, count: number, out: string): string {
  r.at += count;
  return out;
}
