import { type Discovery, placeText } from "../model/index.ts";
import { type Cell, columns } from "./columns.ts";
import { counted } from "./counts.ts";
import { serviceFailureLines } from "./failure-text.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./visible.ts";

/** Which services there are, where they come from and why; the broken ones last. Ends in a line break. */
export function servicesText(found: Discovery, paint: Paint): string {
  const header: readonly Cell[] = ["SERVICE", "FOLDER", "DEFINED AT", "WHY"].map((text) => ({
    text,
    paint: paint.quiet,
  }));
  const rows = found.services.map(({ id, folder, at, why, settings }): readonly Cell[] => [
    { text: visible(id) },
    { text: visible(folder === "" ? "." : folder) },
    { text: visible(placeText(at)) },
    { text: visible(settings.suspend ? `${why}; suspended` : why), paint: paint.quiet },
  ]);
  const sections = [
    rows.length === 0 ? [] : columns([header, ...rows], paint.room),
    found.broken.flatMap(({ id, failures }) => serviceFailureLines(id, failures, paint)),
    found.complete ? [] : [paint.warn("some files could not be read, so there may be more services than these")],
    [`${counted(found.services.length, "service")}, ${found.broken.length} broken`],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}
