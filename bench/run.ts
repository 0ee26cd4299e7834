// npm run bench -- NAME [ARGS…]: runs bench/NAME.ts, which prints a table and closes with one plain line.
import { existsSync, readdirSync } from "node:fs";

const [name = ""] = process.argv.splice(2, 1);
const here = new URL(".", import.meta.url);
if (/^[a-z-]+$/.test(name) && name !== "run" && existsSync(new URL(`${name}.ts`, here))) {
  const { main } = (await import(`./${name}.ts`)) as { main: (argv: readonly string[]) => Promise<void> };
  await main(process.argv.slice(2));
} else {
  const known = readdirSync(here).flatMap((file) =>
    file.endsWith(".ts") && file !== "run.ts" ? [file.slice(0, -3)] : [],
  );
  process.stderr.write(`usage: npm run bench -- NAME; NAME is one of: ${known.join(", ")}\n`);
  process.exitCode = 2;
}
