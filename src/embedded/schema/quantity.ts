/** Quantities (apimachinery resource.Quantity) in their canonical spelling: `1000m` is `1`, `1024Mi` is `1Gi`. */

const QUANTITY = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/;
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
/** Smaller parts than this are rounded up. */
const SCALE_MIN = 9;

interface Quantity {
  /** The value times 10^9, exact. */
  readonly nano: bigint;
  readonly format: "decimal" | "binary" | "exponent";
}

/** Undefined when the text is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  return keepsSpelling(text) ? text : print(quantity);
}

/** As `canonicalQuantity`, rounded up to a thousandth, as lists of resources are. */
export function canonicalResource(text: string): string | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined || quantity.nano % MILLI === 0n) return canonicalQuantity(text);
  return print({ ...quantity, nano: divideUp(quantity.nano, MILLI) * MILLI });
}

const MILLI = 10n ** 6n;
const DIGITS_MAX = 18;

/** The server reads most short numbers as they are, and writes them back so: `+1` and `1E3` stay. */
function keepsSpelling(text: string): boolean {
  const match = QUANTITY.exec(text);
  if (match === null || text === "0") return false;
  const [, , number = "", suffix = ""] = match;
  const [whole = "", part = ""] = number.split(".");
  const digits = `${whole.replace(/^0+(?=\d)/, "")}${part}`;
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) {
    const fits = 15 - whole.length - Math.floor(binary * 3) - 1 >= 0;
    return part === "" && !number.includes(".") && fits && Number(digits.slice(-3)) % 8 !== 0;
  }
  const exponent = /^[eE]/.test(suffix) && suffix.length > 1 ? Number(suffix.slice(1)) : (DECIMAL[suffix] ?? 0);
  const scale = exponent - part.length;
  return (
    digits.length <= DIGITS_MAX && scale >= -9 && scale % 3 === 0 && !digits.endsWith("000") && !digits.startsWith("0")
  );
}

/** Undefined when either is no quantity. */
export function compareQuantities(a: string, b: string): number | undefined {
  const [left, right] = [parseQuantity(a), parseQuantity(b)];
  if (left === undefined || right === undefined) return undefined;
  return left.nano < right.nano ? -1 : left.nano > right.nano ? 1 : 0;
}

function parseQuantity(text: string): Quantity | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const [, sign = "", number = "", suffix = ""] = match;
  const [whole = "", part = ""] = number.split(".");
  const digits = BigInt(`${whole}${part}` || "0");
  const binary = BINARY.indexOf(suffix);
  const isBinary = binary > 0;
  const exponent = /^[eE]/.test(suffix) && suffix.length > 1 ? Number(suffix.slice(1)) : (DECIMAL[suffix] ?? 0);
  const scaled = isBinary ? digits * 1024n ** BigInt(binary) : digits;
  const power = (isBinary ? 0 : exponent) - part.length + SCALE_MIN;
  const nano = power >= 0 ? scaled * 10n ** BigInt(power) : divideUp(scaled, 10n ** BigInt(-power));
  const format = isBinary ? "binary" : DECIMAL[suffix] === undefined ? "exponent" : "decimal";
  return { nano: sign === "-" ? -nano : nano, format };
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

function print({ nano, format }: Quantity): string {
  if (nano === 0n) return "0";
  const sign = nano < 0n ? "-" : "";
  const size = nano < 0n ? -nano : nano;
  if (format === "binary" && size >= 1024n * 10n ** 9n && size % 10n ** 9n === 0n) {
    let value = divideUp(size, 10n ** 9n);
    let power = 0;
    while (value % 1024n === 0n && power < BINARY.length - 1) {
      value /= 1024n;
      power++;
    }
    return `${sign}${value}${BINARY[power] ?? ""}`;
  }
  let [value, exponent] = [size, -SCALE_MIN];
  while (value % 1000n === 0n && exponent < 18) {
    value /= 1000n;
    exponent += 3;
  }
  const suffix = Object.entries(DECIMAL).find(([, power]) => power === exponent)?.[0] ?? "";
  if (format === "exponent") return `${sign}${value}${exponent === 0 ? "" : `e${exponent}`}`;
  return `${sign}${value}${suffix}`;
}
