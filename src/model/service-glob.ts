const LENGTH_MAX = 253;
const STARS_MAX = 4;
const SLASH = "/";

/**
 * Globs over service ids, the one language of flags, settings, suspensions and confirmations: `*` stops at a slash, `**` for a
 * whole part does not, `?` is one character, `[a-z]` and `[!a-z]` are one of some, `{a,b}` is either. A text without any of
 * these is an id. Anybody who may commit can write one, so a match takes steps in proportion to glob and id, whatever they
 * are; a regular expression may take as many as their power.
 */
export function serviceGlob(glob: string): (id: string) => boolean {
  // The root folder's id is a dot; everything leaves out nobody.
  if (glob === "*" || glob === "**") return () => true;
  const read = readGlob(glob);
  if (typeof read === "string") return (id) => id === glob;
  const { parts, wholly } = read;
  const prefix = prefixOf(parts);
  const program: Step[] = [];
  emitAll(parts, program);
  const fits = (text: string): boolean => text.startsWith(prefix) && run(program, text);
  return (id) =>
    id === glob || fits(id) || (!wholly && id.includes(SLASH) && fits(id.slice(id.lastIndexOf(SLASH) + 1)));
}

/** The glob that is for the service of this id and for no other: an id without a slash may be the last part of another's. */
export function globOf(id: string): string {
  const glob = id.replace(/[*?[{}()|\\]/g, "[$&]");
  return id.includes(SLASH) && !id.startsWith("!") ? glob : `${SLASH}${glob}`;
}

/** Why a text is no glob over services; undefined when it is one. */
export function globProblem(glob: string): string | undefined {
  const read = readGlob(glob);
  return typeof read === "string" ? read : undefined;
}

interface Glob {
  readonly parts: readonly Part[];
  /** It began with a slash: it is about whole ids, not about their last parts. */
  readonly wholly: boolean;
}

/** One piece of a glob. `deep` goes over slashes, `folders` is any number of whole parts, `below` is a folder or what is in it. */
type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" | "star" | "deep" | "folders" | "below" }
  | { readonly kind: "set"; readonly ranges: readonly (readonly [string, string])[]; readonly others: boolean }
  | { readonly kind: "choice"; readonly choices: readonly (readonly Part[])[] };

/** Signs of the patterns of shells and regular expressions that these globs do not have. */
const FOREIGN = /[|\\]|(?:^|[@!+*?])\(|\)[+*?{]/;

function readGlob(glob: string): Glob | string {
  const quoted = JSON.stringify(glob);
  if (glob.trim() === "" || glob === SLASH) return "an empty text names no service";
  if (glob.startsWith("!")) return `${quoted} says only what is left out`;
  if (glob.length > LENGTH_MAX) return `a glob of ${glob.length} characters is longer than any id`;
  const bare = glob.replace(/\[[!^]?[^\]]+\]/g, "[]");
  if ((bare.match(/\*+/g) ?? []).length > STARS_MAX) return `${quoted} has more than ${STARS_MAX} stars`;
  const foreign = /\[\[:/.exec(glob) ?? FOREIGN.exec(bare) ?? (/[*?[\]{}]/.test(bare) ? /[()]/.exec(bare) : null);
  if (foreign !== null)
    return `${quoted} has ${JSON.stringify(foreign[0])}, and globs have *, **, ?, [ab] and {a,b} only; a character in brackets, such as [(], stands for itself`;
  const wholly = glob.startsWith(SLASH);
  const text = glob.replace(/^(?:\.?\/)/, "").replace(/\/\*\*(?=\/\*\*(?:\/|$))/g, "");
  if (text === "") return "an empty text names no service";
  const { parts, end, problem } = readParts(text, 0, false);
  if (problem !== undefined) return `${quoted} ${problem}`;
  return end < text.length ? `${quoted} has a closing brace that nothing opened` : { parts, wholly };
}

interface Read {
  readonly parts: readonly Part[];
  readonly end: number;
  readonly problem?: string;
}

/** Parts from a place on, up to the end or, within braces, to the comma or brace that ends a choice. */
function readParts(glob: string, from: number, within: boolean): Read {
  const parts: Part[] = [];
  let at = from;
  while (at < glob.length && glob[at] !== "}" && !(within && glob[at] === ",")) {
    const one = readPart(glob, at, at === from);
    if (typeof one === "string") return { parts, end: at, problem: one };
    parts.push(one.part);
    at = one.end;
  }
  return { parts, end: at };
}

type One = { readonly part: Part; readonly end: number } | string;

function readPart(glob: string, at: number, first: boolean): One {
  const [stars = ""] = /^\*+/.exec(glob.slice(at)) ?? [];
  const here = glob.charAt(at);
  if (stars !== "") {
    const end = at + stars.length;
    const deep = stars === "**" && (first || glob[at - 1] === SLASH) && /^[/,}]?$/.test(glob.charAt(end));
    if (!deep) return { part: { kind: "star" }, end };
    return glob[end] === SLASH ? { part: { kind: "folders" }, end: end + 1 } : { part: { kind: "deep" }, end };
  }
  if (glob.slice(at) === "/**" && glob[at - 1] !== "*") return { part: { kind: "below" }, end: glob.length };
  if (here === "?") return { part: { kind: "any" }, end: at + 1 };
  if (here === "[") return readSet(glob, at);
  if (here === "{") return readChoice(glob, at);
  return { part: { kind: "text", text: here }, end: at + 1 };
}

function readSet(glob: string, at: number): One {
  const [whole, not, members] = /^\[([!^]?)([^\]]+)\]/.exec(glob.slice(at)) ?? [];
  // One that begins no set is a character as any other.
  if (whole === undefined || members === undefined) return { part: { kind: "text", text: "[" }, end: at + 1 };
  const ranges: (readonly [string, string])[] = [];
  for (const [, from = "", to = from] of members.matchAll(/([^])(?:-([^]))?/g)) {
    if (to < from) return `has ${from}-${to}, which is backwards`;
    ranges.push([from, to]);
  }
  return { part: { kind: "set", ranges, others: not !== "" }, end: at + whole.length };
}

function readChoice(glob: string, at: number): One {
  const choices: (readonly Part[])[] = [];
  let end = at;
  do {
    const read = readParts(glob, end + 1, true);
    if (read.problem !== undefined) return read.problem;
    choices.push(read.parts);
    end = read.end;
  } while (glob[end] === ",");
  if (glob[end] !== "}") return "has a brace that is not closed";
  if (choices.length === 1) return "has braces without a comma";
  return { part: { kind: "choice", choices }, end: end + 1 };
}

function prefixOf(parts: readonly Part[]): string {
  const end = parts.findIndex(({ kind }) => kind !== "text");
  return parts
    .slice(0, end < 0 ? parts.length : end)
    .reduce((sum, one) => sum + (one.kind === "text" ? one.text : ""), "");
}

/** What a match does: it takes a character, or goes on at either of two places. */
type Step = { readonly takes: (character: string) => boolean } | { first: number; second: number };

const NO_SLASH = { takes: (character: string) => character !== SLASH };
const ANYTHING = { takes: () => true };
const A_SLASH = { takes: (character: string) => character === SLASH };

function emitAll(parts: readonly Part[], program: Step[]): void {
  for (const part of parts) emit(part, program);
}

function emit(part: Part, program: Step[]): void {
  switch (part.kind) {
    case "text":
      program.push({ takes: (character) => character === part.text });
      return;
    case "any":
      program.push(NO_SLASH);
      return;
    case "set": {
      const { ranges, others } = part;
      const among = (character: string): boolean => ranges.some(([from, to]) => from <= character && character <= to);
      program.push({ takes: (character) => character !== SLASH && among(character) !== others });
      return;
    }
    case "star":
      emitMany(NO_SLASH, program);
      return;
    case "deep":
      emitMany(ANYTHING, program);
      return;
    case "folders":
    case "below": {
      const maybe = { first: program.length + 1, second: 0 };
      program.push(maybe);
      if (part.kind === "below") program.push(A_SLASH);
      emitMany(ANYTHING, program);
      if (part.kind === "folders") program.push(A_SLASH);
      maybe.second = program.length;
      return;
    }
    case "choice":
      emitChoice(part.choices, program);
  }
}

function emitMany(taking: Step, program: Step[]): void {
  const start = program.length;
  program.push({ first: start + 1, second: start + 3 }, taking, { first: start, second: start });
}

function emitChoice(choices: readonly (readonly Part[])[], program: Step[]): void {
  const ends: { first: number; second: number }[] = [];
  for (const choice of choices) {
    const fork = { first: program.length + 1, second: 0 };
    program.push(fork);
    emitAll(choice, program);
    const end = { first: 0, second: 0 };
    program.push(end);
    ends.push(end);
    fork.second = program.length;
  }
  // Nobody gets past the last choice but through one of them.
  program.push({ takes: () => false });
  for (const end of ends) end.first = end.second = program.length;
}

/** Follows all ways through a program at once, so that none is ever gone twice. */
function run(program: readonly Step[], text: string): boolean {
  const seen = new Uint32Array(program.length + 1);
  let round = 1;
  let now: number[] = [];
  const enter = (start: number, list: number[]): void => {
    const open = [start];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen[at] === round) continue;
      seen[at] = round;
      const step = program[at];
      if (step === undefined || "takes" in step) list.push(at);
      else open.push(step.second, step.first);
    }
  };
  enter(0, now);
  for (let index = 0; index < text.length && now.length > 0; index += 1) {
    const character = text.charAt(index);
    const next: number[] = [];
    round += 1;
    for (const at of now) {
      const step = program[at];
      if (step !== undefined && "takes" in step && step.takes(character)) enter(at + 1, next);
    }
    now = next;
  }
  return now.includes(program.length);
}
