import { type Orphans, refText } from "../model/index.ts";
import { type Cell, columns } from "./columns.ts";
import { counted } from "./counts.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./visible.ts";

/** What no service declares, and why it is there. Ends in a line break. */
export function orphansText({ orphans, unlisted, complete }: Orphans, paint: Paint): string {
  const header: readonly Cell[] = ["OBJECT", "SERVICE", "WHY"].map((text) => ({ text, paint: paint.quiet }));
  const rows = orphans.map(({ ref, service, why, deleted }): readonly Cell[] => [
    { text: visible(refText(ref)) },
    { text: visible(service ?? "-") },
    { text: visible(why), paint: deleted ? paint.warn : paint.quiet },
  ]);
  const sections = [
    rows.length === 0 ? [] : columns([header, ...rows], paint.room),
    unlisted.map(({ kind, why }) => paint.bad(`${visible(kind)} could not be listed: ${visible(why)}`)),
    complete ? [] : [paint.warn("some files could not be read, so what their services own is not told")],
    [orphans.length === 0 ? "no orphans" : counted(orphans.length, "orphan")],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}
