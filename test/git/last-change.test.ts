import { join } from "node:path";
import { expect, test } from "vitest";
import { createRepository } from "../support/git-server-repository.ts";
import { patient, scratch, sourceOf, valueOf } from "../support/git-server-source.ts";

async function scene() {
  const repository = await createRepository(join(scratch(), "a.git"));
  const commits: string[] = [];
  for (const [index, files] of [{ "a/x": "1", "b/y": "1" }, { "a/x": "2" }, { "b/y": "2" }, { "c/z": "1" }].entries()) {
    commits.push(await repository.commit(files, `change ${index}`));
  }
  const snapshot = valueOf(await (await sourceOf({ repo: repository.path })).fetch(patient));
  const changed = async (...paths: readonly string[]) => {
    const { commit, exact } = await snapshot.lastChange(paths, patient);
    return { at: commits.indexOf(commit.id), exact };
  };
  return { repository, changed };
}

test("the commit that last changed a file, a folder, or any of several", async () => {
  const { changed } = await scene();
  expect(await changed("a/x")).toEqual({ at: 1, exact: true });
  expect(await changed("b")).toEqual({ at: 2, exact: true });
  expect(await changed("a", "b")).toEqual({ at: 2, exact: true });
  expect(await changed("")).toEqual({ at: 3, exact: true });
});

test("what was never there was last changed by the first commit", async () => {
  expect(await (await scene()).changed("nowhere/to/be/found")).toEqual({ at: 0, exact: true });
});

test("what a clone without history cannot tell is told as such", async () => {
  const { repository } = await scene();
  const shallow = join(scratch(), "shallow");
  await repository.git("clone", "--quiet", "--depth=2", `file://${repository.path}`, shallow);
  const snapshot = valueOf(await (await sourceOf({ repo: shallow })).fetch(patient));
  expect(await snapshot.lastChange(["c/z"], patient)).toMatchObject({ exact: true, commit: { subject: "change 3" } });
  expect(await snapshot.lastChange(["a/x"], patient)).toMatchObject({ exact: false, commit: { subject: "change 2" } });
});
