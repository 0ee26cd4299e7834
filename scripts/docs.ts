// Writes the reference pages of docs/ from the program itself: `npm run docs`.
import { writeFileSync } from "node:fs";
import { pages } from "./docs/pages.ts";

for (const [path, text] of Object.entries(pages())) {
  writeFileSync(path, text);
  console.error(`wrote ${path}`);
}
