import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { createRepository } from "../../src/git/index.ts";
import { contentOf, failureOf, patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";

const options = {
  author: { name: "Ada Nilsson", email: "ada@example.org" },
  environment: process.env,
  clock: systemClock(),
};

test("commits files of any name and text on top of each other, and takes files away", async () => {
  const path = join(scratch(), "new.git");
  const repository = valueOf(await createRepository(path, options, patient));
  const files = { "a/x.yaml": "x: 1\n", 'odd "name"\\\n ü': "☃ without a line break", empty: "" };
  const first = valueOf(await repository.commit(files, 'the first\n\nwith "words" – more', patient));
  const source = await sourceOf({ repo: path, ref: "HEAD" });
  const snapshot = valueOf(await source.fetch(patient));
  expect(snapshot.revision).toEqual({ ref: "main", commit: first });
  expect(snapshot.commit).toMatchObject({ author: "Ada Nilsson", email: "ada@example.org", subject: "the first" });
  expect(await contentOf(snapshot)).toEqual(files);
  const second = valueOf(await repository.commit({ "a/x.yaml": "x: 2\n", empty: undefined }, "second", patient));
  const later = valueOf(await source.fetch(patient));
  expect(later.commit).toMatchObject({ id: second, parents: [first] });
  expect(await contentOf(later)).toEqual({ "a/x.yaml": "x: 2\n", 'odd "name"\\\n ü': "☃ without a line break" });
});

test("where it cannot write, it says so", async () => {
  const folder = scratch();
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "sub/file"), "");
  const failure = failureOf(await createRepository(join(folder, "sub/file/new.git"), options, patient));
  expect(failure.code).toBe("source/damaged");
  expect(failure.message).toContain("sub/file/new.git");
});
