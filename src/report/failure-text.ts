import { compareFailures, type Failure, type FailureCode, placeText } from "../model/index.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./visible.ts";

/**
 * A failure as lines: service and code, place and cause, remedy.
 *
 *     dev/pay  build/missing-resource  dev/releases/pay/kustomization.yaml:7
 *       names ingress.yaml, which is not in this commit
 *       → add the file, or delete line 7
 */
export function failureLines(
  service: string,
  failure: Pick<Failure, "code" | "message" | "remedy" | "at" | "chain" | "object">,
  paint: Paint,
): readonly string[] {
  const at = failure.at === undefined ? "" : placeText(failure.at);
  const head = [paint.strong(visible(service)), paint.bad(failure.code), visible(at)].filter((part) => part !== "");
  const object = failure.object === undefined || failure.message.includes(failure.object) ? "" : `${failure.object}: `;
  const through = (failure.chain ?? []).map((place) => visible(placeText(place))).join(" → ");
  return [
    head.join("  "),
    `  ${visible(object + failure.message)}`,
    ...(through === "" ? [] : [paint.quiet(`  through ${through}`)]),
    `  ${paint.note("→")} ${visible(failure.remedy)}`,
  ];
}

/** More failures of one service than this are counted, not shown: the rest is in `-o json`. */
const SHOWN_MAX = 10;

export function serviceFailureLines(service: string, failures: readonly Failure[], paint: Paint): readonly string[] {
  const shown = failures.toSorted(compareFailures).slice(0, SHOWN_MAX);
  const more = failures.length - shown.length;
  const rest = more === 0 ? [] : [paint.quiet(`${visible(service)}  and ${more} more: -o json has them all`)];
  return [...shown.flatMap((failure) => failureLines(service, failure, paint)), ...rest];
}

/** The same of what is not right and holds up nothing. */
export function warningLines(service: string, warnings: readonly Failure[], paint: Paint): readonly string[] {
  return serviceFailureLines(service, warnings, { ...paint, bad: paint.warn });
}

/** Why a command could not run. */
export function errorText(failures: readonly Failure[], paint: Paint): string {
  return `${failures.flatMap((failure) => failureLines("gitops", failure, paint)).join("\n")}\n`;
}

/** Failure codes in one line, each once, for progress lines. */
export function codesText(failures: readonly { readonly code: FailureCode }[]): string {
  return [...new Set(failures.map(({ code }) => code))].join(", ");
}
