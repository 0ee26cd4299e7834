/** Colours of the terminal's codes that reports use, readable on the dark ground below. */
const COLOURS: Readonly<Record<string, string>> = {
  "31": "#ff7b72",
  "32": "#7ee787",
  "33": "#e3b341",
  "36": "#79c0ff",
};

const LINE_PX = 18;
const CHARACTER_PX = 7.8;
const MARGIN_PX = 16;
/** A terminal of this width wraps longer lines, and so does the picture. */
const COLUMNS = 118;

/** Terminal output, with its colours, as a picture. */
export function svgOf(output: string): string {
  const lines = output.trimEnd().split("\n").flatMap(wrapped);
  const widest = Math.max(...lines.map((line) => line.replaceAll(/\p{Cc}\[\d+m/gu, "").length));
  const style: Style = { fill: "", bold: false, quiet: false };
  const [width, height] = [Math.ceil(widest * CHARACTER_PX + 2 * MARGIN_PX), lines.length * LINE_PX + 2 * MARGIN_PX];
  const rows = lines.map((line, index) => {
    const y = MARGIN_PX + (index + 0.75) * LINE_PX;
    return `<text x="${MARGIN_PX}" y="${y}" xml:space="preserve">${spans(line, style)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="a sync">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#c9d1d9">
${rows.join("\n")}
</g>
</svg>
`;
}

interface Style {
  fill: string;
  bold: boolean;
  quiet: boolean;
}

function wrapped(line: string): readonly string[] {
  const rows = [""];
  let used = 0;
  for (const part of line.split(/(\p{Cc}\[\d+m)|/u)) {
    if (part === undefined) continue;
    if (part.length === 1 && used === COLUMNS) {
      rows.push("");
      used = 0;
    }
    rows[rows.length - 1] += part;
    if (part.length === 1) used += 1;
  }
  return rows;
}

/** One row; colours that a row does not end go on in the next. */
function spans(line: string, style: Style): string {
  return line
    .split(/(\p{Cc}\[\d+m)/u)
    .map((part) => {
      const code = /^\p{Cc}\[(\d+)m$/u.exec(part)?.[1];
      if (code === undefined) return part === "" ? "" : span(part, style);
      if (code === "1") style.bold = true;
      else if (code === "2") style.quiet = true;
      else if (code === "22") [style.bold, style.quiet] = [false, false];
      else style.fill = COLOURS[code] ?? "";
      return "";
    })
    .join("");
}

function span(text: string, style: Readonly<Style>): string {
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const attributes = [
    ...(style.fill === "" ? [] : [`fill="${style.fill}"`]),
    ...(style.bold ? ['font-weight="bold"'] : []),
    ...(style.quiet ? ['opacity="0.6"'] : []),
  ];
  return attributes.length === 0 ? safe : `<tspan ${attributes.join(" ")}>${safe}</tspan>`;
}
