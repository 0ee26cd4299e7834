import type { Place } from "../../model/index.ts";
import { textMap } from "../fields.ts";
import type { SelectorSpec } from "../kustomization/fields.ts";
import type { Report } from "../report.ts";
import { currentId, effectiveNamespace, originalId, type Resource, type ResourceId, valueAt } from "../resource.ts";
import { type LabelSelector, parseLabelSelector, selectsLabels } from "./label-selector.ts";
import { type Matcher, wholeMatcher } from "./pattern.ts";

/** A selector ready for use. A condition that is not stated is undefined and always holds. */
export interface Selector {
  readonly group: Matcher | undefined;
  readonly version: Matcher | undefined;
  readonly kind: Matcher | undefined;
  readonly name: Matcher | undefined;
  readonly namespace: Matcher | undefined;
  readonly labels: LabelCondition;
  readonly annotations: LabelCondition;
}

/** A label selector that is read when it is first asked, and reports then: kustomize reads none that decides nothing. */
interface LabelCondition {
  /** True when the selector is not empty. */
  readonly stated: boolean;
  holdsFor(labels: ReadonlyMap<string, string>): boolean;
}

/** Compiles a selector; undefined after reporting what is wrong with it. */
export function compileSelector(spec: SelectorSpec, report: Report): Selector | undefined {
  const before = report.failures.length;
  const selector: Selector = {
    group: pattern("group", spec.group, spec.at, report),
    version: pattern("version", spec.version, spec.at, report),
    kind: pattern("kind", spec.kind, spec.at, report),
    name: pattern("name", spec.name, spec.at, report),
    namespace: pattern("namespace", spec.namespace, spec.at, report),
    labels: labels("labelSelector", spec.labelSelector, spec.at, report),
    annotations: labels("annotationSelector", spec.annotationSelector, spec.at, report),
  };
  return report.cleanSince(before) ? selector : undefined;
}

/** Whether a patch's target selects an object: by its original or present name and namespace and its present kind. */
export function selects(selector: Selector, resource: Resource): boolean {
  const [current, original] = [currentId(resource), originalId(resource)];
  return (
    holds(selector.namespace, effectiveNamespace(original), effectiveNamespace(current)) &&
    holds(selector.name, original.name, current.name) &&
    matchesKind(selector, current) &&
    matchesMetadata(selector, resource)
  );
}

export function matchesKind(selector: Selector, id: ResourceId): boolean {
  return holds(selector.group, id.group) && holds(selector.version, id.version) && holds(selector.kind, id.kind);
}

/** Whether the label and annotation selectors hold. */
export function matchesMetadata(selector: Selector, resource: Resource): boolean {
  const { labels: byLabel, annotations: byAnnotation } = selector;
  if (!byLabel.stated && !byAnnotation.stated) return true;
  const metadata = valueAt(resource.node, "metadata");
  return (
    byLabel.holdsFor(textMap(valueAt(metadata, "labels"))) &&
    byAnnotation.holdsFor(textMap(valueAt(metadata, "annotations")))
  );
}

/** True when there is no condition, or one of the texts meets it. */
export function holds(matcher: Matcher | undefined, ...texts: readonly string[]): boolean {
  return matcher === undefined || texts.some((text) => matcher(text));
}

function pattern(field: string, text: string | undefined, at: Place, report: Report): Matcher | undefined {
  if (text === undefined || text === "") return undefined;
  const matcher = wholeMatcher(text);
  if (typeof matcher === "function") return matcher;
  return report.fail(
    "build/invalid-selector",
    at,
    `the selector's ${field} "${text}" cannot be used: ${matcher.problem}`,
    "write a regular expression as Go's regexp package reads it (RE2)",
  );
}

function labels(field: string, text: string | undefined, at: Place, report: Report): LabelCondition {
  if (text === undefined || text === "") return ANY;
  let known: LabelSelector | undefined;
  const read = (): LabelSelector => {
    const selector = parseLabelSelector(text);
    if (!("problem" in selector)) return selector;
    report.fail(
      "build/invalid-selector",
      at,
      `the selector's ${field} "${text}" cannot be read: ${selector.problem}`,
      "write it like: app=web, tier in (a,b), !old",
    );
    return [];
  };
  return {
    stated: true,
    holdsFor(map) {
      known ??= read();
      return selectsLabels(known, map);
    },
  };
}

const ANY: LabelCondition = { stated: false, holdsFor: () => true };
