import type { History, Step } from "./history.ts";
import type { Verdict } from "./simulate.ts";

/** A history and what became of it, for people. */
export function tellHistory(
  { seed, breaker, steps, webhook, stays, watches }: History,
  { violations, at, audit }: Verdict,
): string {
  const limits = (["service", "run", "gone"] as const).map((name) => {
    const { free, share, max } = breaker[name];
    return `${name} ${free} free, ${share * 100} %, ${max} at most`;
  });
  return [
    `seed ${seed}; breakers: ${limits.join("; ")}${webhook === undefined ? "" : `; a webhook ${webhook} fields`}${stays === undefined ? "" : "; one process"}${watches === undefined ? "" : " that watches"}`,
    ...steps.map((step, index) => `${index === at ? "→" : " "} ${index}. ${tellStep(step)}`),
    ...(at >= steps.length ? [`→ ${steps.length}. runs without trouble until nothing changes`] : []),
    "broken:",
    ...violations.map(({ law, what }) => `  ${law}: ${what}`),
    "the last writes that the API server saw:",
    ...audit
      .filter((line) => !/ (?:get|list) /.test(line))
      .slice(-12)
      .map((line) => `  ${line}`),
  ].join("\n");
}

function tellStep(step: Step): string {
  switch (step.step) {
    case "commit":
      return `commit ${step.edits.map((edit) => JSON.stringify(edit)).join("\n     and ")}${step.confirms === undefined ? "" : `; it confirms ${step.confirms}`}`;
    case "reset":
      return `force-push ${step.back} commits back`;
    case "act":
      return `somebody: ${JSON.stringify(step.act)}`;
    case "suspend":
    case "resume":
    case "confirm":
    case "damage":
      return `somebody asks: ${JSON.stringify(step)}`;
    case "foreign":
      return `another tool: ${JSON.stringify(step.foreigner)}`;
    case "watch":
      return `a watch: ${JSON.stringify(step.trouble)}`;
    case "run": {
      const { step: _, trouble, ...rest } = step;
      return `run ${JSON.stringify({ ...rest, ...trouble })}`;
    }
  }
}
