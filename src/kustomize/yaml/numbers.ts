/** Go's `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits, with an exponent below 1e-4 and from 1e6 on. */
function goFloat(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  return generalForm(value);
}

/** The same of a 32-bit float. */
export function goFloat32(value: number): string {
  const narrow = Math.fround(value);
  if (!Number.isFinite(narrow)) return goFloat(narrow);
  for (let digits = 1; digits <= 9; digits++) {
    const text = narrow.toExponential(digits - 1);
    if (Math.fround(Number(text)) === narrow) return generalForm(Number(text));
  }
  return generalForm(narrow);
}

function generalForm(value: number): string {
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** What a number of a JSON text is after go-yaml read it as 64-bit integer or float and wrote it again. */
export function numberText(value: number | bigint): string {
  if (typeof value === "number" && (!Number.isInteger(value) || Math.abs(value) >= 1e21)) return goFloat(value);
  const digits = value === 0 ? "0" : String(value);
  const exact = BigInt(digits);
  return exact >= -(2n ** 63n) && exact < 2n ** 64n ? digits : goFloat(Number(value));
}
