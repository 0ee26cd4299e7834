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

/** Terminal output, with its colours, as a picture. */
export function svgOf(output: string): string {
  const lines = output.trimEnd().split("\n");
  const widest = Math.max(...lines.map((line) => line.replaceAll(/\p{Cc}\[\d+m/gu, "").length));
  const [width, height] = [Math.ceil(widest * CHARACTER_PX + 2 * MARGIN_PX), lines.length * LINE_PX + 2 * MARGIN_PX];
  const rows = lines.map((line, index) => {
    const y = MARGIN_PX + (index + 0.75) * LINE_PX;
    return `<text x="${MARGIN_PX}" y="${y}" xml:space="preserve">${spans(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="a sync">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13" fill="#c9d1d9">
${rows.join("\n")}
</g>
</svg>
`;
}

function spans(line: string): string {
  const style = { fill: "", bold: false, quiet: false };
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

function span(text: string, style: { readonly fill: string; readonly bold: boolean; readonly quiet: boolean }): string {
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const attributes = [
    ...(style.fill === "" ? [] : [`fill="${style.fill}"`]),
    ...(style.bold ? ['font-weight="bold"'] : []),
    ...(style.quiet ? ['opacity="0.6"'] : []),
  ];
  return attributes.length === 0 ? safe : `<tspan ${attributes.join(" ")}>${safe}</tspan>`;
}
