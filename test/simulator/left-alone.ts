import type { Wish } from "./intent.ts";
import type { RunRecord } from "./judge.ts";
import { listed } from "./lists.ts";
import type { Live } from "./live.ts";
import { isLeft } from "./marks.ts";
import { type Request, toldMetadata } from "./trouble.ts";

/** What marks say of an apply, in git or on the object as the program was told of it. */
export function judgeMarks(run: RunRecord, request: Request, wish: Wish, say: (why: string) => void): void {
  const { kind, namespace, name } = request;
  if (wish.spelling === "left") say("git says to leave it alone");
  const earlier = run.requests.slice(0, run.requests.indexOf(request));
  const look = earlier.find(
    (one) =>
      one.verb === "metadata" && one.kind?.kind === kind?.kind && one.namespace === namespace && one.name === name,
  );
  const planned = listed(run, wish.key) ?? (look && toldMetadata(look));
  if (planned === undefined) return;
  if (isLeft(planned)) say("it says that it is left alone");
  if (wish.spelling === "once") say("git says to write it once, and it is there");
}

/** Why a service need not have what it wants as it wants it: a mark leaves the object alone. */
export function marksExcuse(now: Live | undefined, { spelling }: Wish): string | undefined {
  if (spelling === "left") return "git says to leave it alone";
  if (now === undefined) return undefined;
  if (isLeft(now)) return "it says that it is left alone";
  return spelling === "once" ? "git says to write it once" : undefined;
}
