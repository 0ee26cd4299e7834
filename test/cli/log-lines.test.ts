import { expect, test } from "vitest";
import { logLines } from "../../src/cli/log-lines.ts";

test("D24 a reader who stops reading loses lines; what was lost is told when it reads again", () => {
  const written: string[] = [];
  const reader = { waiting: 0 };
  const write = logLines({ write: (text) => void written.push(text), backlog: () => reader.waiting }, () => 0);
  write("one\n");
  reader.waiting = 2 << 20;
  for (const line of ["two\n", "three\n"]) write(line);
  expect(written).toEqual(["one\n"]);
  reader.waiting = 0;
  write("four\n");
  write("five\n");
  const told = '{"level":"warn","time":"1970-01-01T00:00:00.000Z","message":"log lines were lost","lines":2}\n';
  expect(written).toEqual(["one\n", told, "four\n", "five\n"]);
});
