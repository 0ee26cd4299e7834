/** One condition on a set of labels. `values` of an absent label never match, but `notIn` and `absent` do. */
type Requirement =
  | { readonly key: string; readonly operator: "exists" | "absent" }
  | { readonly key: string; readonly operator: "in" | "notIn"; readonly values: ReadonlySet<string> }
  | { readonly key: string; readonly operator: "above" | "below"; readonly bound: bigint };

/** What must hold together for a set of labels. */
export type LabelSelector = readonly Requirement[];

export interface SelectorProblem {
  readonly problem: string;
}

/** Kubernetes' selector syntax: `a=b, c!=d, e in (f,g), h notin (i), j, !k, l>1`. The empty text selects everything. */
export function parseLabelSelector(text: string): LabelSelector | SelectorProblem {
  const parsing: Parsing = { tokens: text.match(TOKENS) ?? [], at: 0 };
  const requirements: Requirement[] = [];
  if (parsing.tokens.length === 0) return requirements;
  for (;;) {
    const requirement = parseRequirement(parsing);
    if ("problem" in requirement) return requirement;
    requirements.push(requirement);
    const next = parsing.tokens[parsing.at++];
    if (next === undefined) return requirements;
    if (next !== ",") return { problem: `found "${next}" where "," or the end was expected` };
    if (parsing.tokens[parsing.at] === undefined) return { problem: `nothing follows the last ","` };
  }
}

export function selectsLabels(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  return selector.every((requirement) => {
    const value = labels.get(requirement.key);
    switch (requirement.operator) {
      case "exists":
        return value !== undefined;
      case "absent":
        return value === undefined;
      case "in":
        return value !== undefined && requirement.values.has(value);
      case "notIn":
        return value === undefined || !requirement.values.has(value);
      case "above":
      case "below": {
        const number = value === undefined ? undefined : integerOf(value);
        if (number === undefined) return false;
        return requirement.operator === "above" ? number > requirement.bound : number < requirement.bound;
      }
    }
  });
}

const TOKENS = /==|!=|[=!(),<>]|[^\s=!(),<>]+/g;
const SPECIAL = /^[=!(),<>]/;
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const DOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

interface Parsing {
  readonly tokens: readonly string[];
  at: number;
}

function parseRequirement(parsing: Parsing): Requirement | SelectorProblem {
  const negated = parsing.tokens[parsing.at] === "!";
  if (negated) parsing.at += 1;
  const key = parsing.tokens[parsing.at++];
  if (key === undefined || SPECIAL.test(key))
    return { problem: `found "${key ?? ""}" where a label's key was expected` };
  if (!isLabelKey(key)) return { problem: `"${key}" is no label key` };
  const operator = parsing.tokens[parsing.at];
  if (negated) return { key, operator: "absent" };
  if (operator === undefined || operator === ",") return { key, operator: "exists" };
  parsing.at += 1;
  switch (operator) {
    case "in":
    case "notin":
      return parseSet(parsing, key, operator === "in" ? "in" : "notIn");
    case "=":
    case "==":
    case "!=":
    case ">":
    case "<":
      return parseExact(parsing, key, operator);
    default:
      return { problem: `found "${operator}" where =, ==, !=, in, notin, < or > was expected` };
  }
}

function parseExact(parsing: Parsing, key: string, operator: string): Requirement | SelectorProblem {
  const next = parsing.tokens[parsing.at];
  let value = "";
  if (next !== undefined && next !== ",") {
    if (SPECIAL.test(next)) return { problem: `found "${next}" where a value was expected` };
    if (!isLabelValue(next)) return { problem: `"${next}" is no label value` };
    value = next;
    parsing.at += 1;
  }
  if (operator === ">" || operator === "<") {
    const bound = integerOf(value);
    if (bound === undefined) return { problem: `"${value}" is no whole number, which ${operator} needs` };
    return { key, operator: operator === ">" ? "above" : "below", bound };
  }
  return { key, operator: operator === "!=" ? "notIn" : "in", values: new Set([value]) };
}

/** `(a,b)`; nothing between two commas, or between the parentheses, is the empty value. */
function parseSet(parsing: Parsing, key: string, operator: "in" | "notIn"): Requirement | SelectorProblem {
  if (parsing.tokens[parsing.at++] !== "(") return { problem: `"(" must follow in and notin` };
  const values = new Set<string>();
  let value: string | undefined;
  for (;;) {
    const token = parsing.tokens[parsing.at++];
    if (token === "," || token === ")") {
      values.add(value ?? "");
      value = undefined;
      if (token === ")") return { key, operator, values };
    } else if (token === undefined || SPECIAL.test(token) || value !== undefined) {
      return { problem: `found "${token ?? ""}" where "," or ")" was expected` };
    } else if (isLabelValue(token)) value = token;
    else return { problem: `"${token}" is no label value` };
  }
}

function isLabelKey(key: string): boolean {
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  return name.length <= 63 && NAME.test(name) && (slash < 0 || (slash <= 253 && DOMAIN.test(key.slice(0, slash))));
}

function isLabelValue(value: string): boolean {
  return value === "" || (value.length <= 63 && NAME.test(value));
}

function integerOf(text: string): bigint | undefined {
  return /^[-+]?[0-9]+$/.test(text) ? BigInt(text.replace(/^\+/, "")) : undefined;
}
