import fc from "fast-check";
import { stringify } from "yaml";
import { layer, SIDE_FILES } from "./arbitrary-fields.ts";
import { distinct, type Fields, known, object } from "./arbitrary-objects.ts";

/** A small tree of files and the folder in it to build. */
export interface KustomizationCase {
  readonly files: Readonly<Record<string, string>>;
  readonly folder: string;
}

/**
 * Trees of kustomizations: a base, zero to two overlays and sometimes a component, with any mix of fields. Names come
 * from small pools, so that patches, references, replicas and images meet what they are meant for about as often as
 * not. Some builds fail, and should.
 */
export function arbitraryKustomization(): fc.Arbitrary<KustomizationCase> {
  return fc
    .record({
      base: layer(),
      objects: fc
        .tuple(known(), fc.array(object(), { maxLength: 4 }))
        .map(([always, more]) => distinct([...always, ...more])),
      overlays: fc.array(fc.tuple(layer(), fc.array(object(), { maxLength: 1 })), { maxLength: 2 }),
      component: fc.option(layer(), { nil: undefined, freq: 3 }),
      style: style(),
    })
    .map(({ base, objects, overlays, component, style: write }) => {
      const files: Record<string, string> = {};
      const place = (folder: string, fields: Fields, own: readonly Fields[], below: readonly string[]): void => {
        const names = own.map((_, index) => `r${index}.yaml`);
        for (const [index, item] of own.entries()) files[`${folder}/r${index}.yaml`] = write(item);
        Object.assign(
          files,
          Object.fromEntries(Object.entries(SIDE_FILES).map(([name, text]) => [`${folder}/${name}`, text])),
        );
        const kind = folder === "component" ? "Component" : "Kustomization";
        const version = kind === "Component" ? "v1alpha1" : "v1beta1";
        const head = { apiVersion: `kustomize.config.k8s.io/${version}`, kind };
        files[`${folder}/kustomization.yaml`] = write({ ...head, resources: [...below, ...names], ...fields });
      };
      place("base", base, objects, []);
      if (component !== undefined) place("component", component, [], []);
      let folder = "base";
      for (const [index, [fields, own]] of overlays.entries()) {
        const use = component !== undefined && index === 0 ? { components: ["../component"] } : {};
        place(`overlay${index}`, { ...fields, ...use }, own, [`../${folder}`]);
        folder = `overlay${index}`;
      }
      return { files, folder };
    });
}

/** How the files are written: kustomize keeps quotes, block styles, key order and comments. */
function style(): fc.Arbitrary<(value: Fields) => string> {
  const comments = fc.boolean();
  const quotes = fc.constantFrom("PLAIN" as const, "QUOTE_DOUBLE" as const, "QUOTE_SINGLE" as const);
  const options = fc.record({
    indentSeq: fc.boolean(),
    defaultStringType: quotes,
    flow: fc.integer({ max: 9, min: 0 }),
  });
  return fc.tuple(options, comments).map(([{ flow, ...given }, commented]) => (value) => {
    const text = stringify(value, {
      ...given,
      defaultKeyType: "PLAIN",
      lineWidth: 0,
      collectionStyle: flow === 0 ? "flow" : "block",
    }).replace(/:\n *\[\]$/gm, ": []"); // an empty list right below its key, as written without indentation, is no YAML to Go
    return commented && flow !== 0
      ? `# head\n${text.replace(/^( *)name: (\S+)$/m, "$1# above\n$1name: $2 # beside")}`
      : text;
  });
}
