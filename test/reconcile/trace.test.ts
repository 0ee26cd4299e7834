import { describe, expect, test } from "vitest";
import { refText } from "../../src/model/index.ts";
import { trace } from "../../src/reconcile/index.ts";
import { passScene } from "./pass-scene.ts";

const FILES = {
  "shop/cart/kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
  "shop/cart/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
  "shop/cart/b.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {ports: [{port: 80}]}\n",
};

/** What an object is that is named so, and where it is declared; else why there is none. */
async function traced(word: string): Promise<string> {
  const scene = passScene();
  scene.commit(FILES);
  scene.begin();
  await scene.clock.advance(0);
  const [kind = "", name = ""] = word.split("/");
  const named = { kind, namespace: "default", name };
  const found = await scene.ask((io, request, signal) => trace(io, request, named, signal));
  if (!found.ok) return found.failures.map(({ message, remedy }) => `${message}: ${remedy}`).join("; ");
  const { object, service, declaredAt } = found.value;
  return `${refText(object)} of ${service} in ${declaredAt?.path}`;
}

describe("an object is traced by its name and a kind, which is", () => {
  const CONFIG_MAP = "ConfigMap default/a of shop/cart in shop/cart/a.yaml";
  test.each([
    ["its name", "ConfigMap/a", CONFIG_MAP],
    ["in any case", "configmap/a", CONFIG_MAP],
    ["its plural", "configmaps/a", CONFIG_MAP],
    ["short, as kubectl has it", "cm/a", CONFIG_MAP],
    ["short in any case", "CM/a", CONFIG_MAP],
    ["another's short name", "svc/b", "Service default/b of shop/cart in shop/cart/b.yaml"],
  ])("%s", async (_, word, told) => {
    expect(await traced(word)).toBe(told);
  });

  test.each([
    [
      "nobody's",
      "confgmap/a",
      'the API server serves no kind "confgmap": did you mean configmap? else give its kind or its plural, such as deployment/shop/cart',
    ],
    [
      "nobody's, and like none",
      "zz/a",
      'the API server serves no kind "zz": give its kind or its plural, such as deployment/shop/cart',
    ],
    [
      "that of another object",
      "secret/a",
      "there is no Secret default/a in the cluster: check its name, and give its namespace in between: deployment/shop/cart",
    ],
  ])("%s", async (_, word, told) => {
    expect(await traced(word)).toBe(told);
  });
});
