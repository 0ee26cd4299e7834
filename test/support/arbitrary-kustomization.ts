import fc from "fast-check";
import { layer, SIDE_FILES } from "./arbitrary-fields.ts";
import { distinct, type Fields, known, object } from "./arbitrary-objects.ts";
import { style } from "./arbitrary-style.ts";

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
      oneFile: fc.boolean(),
    })
    .map(({ base, objects, overlays, component, style: write, oneFile }) => {
      const files: Record<string, string> = {};
      const place = (folder: string, fields: Fields, own: readonly Fields[], below: readonly string[]): void => {
        const names = oneFile ? own.slice(0, 1).map(() => "all.yaml") : own.map((_, index) => `r${index}.yaml`);
        if (oneFile && own.length > 0) files[`${folder}/all.yaml`] = own.map(write).join("---\n");
        else for (const [index, item] of own.entries()) files[`${folder}/r${index}.yaml`] = write(item);
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
