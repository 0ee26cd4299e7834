import { traceDocument, traceText } from "../../report/index.ts";
import { type CommandSpec, passRequest, withEngine } from "../command.ts";
import { EXIT } from "../exit.ts";
import { COMPARING } from "../flags.ts";

export const trace: CommandSpec = {
  name: "trace",
  summary: "follow a live object to its service, its file and its commit",
  text: `Reads an object from the cluster, follows its controllers up to one that a service owns, and says which service that is, in
which file and line it is declared, who last changed that file, and what the next sync does about the object. A kind is named as
for kubectl: \`deployment\`, \`deployments\`, \`deploy\`, \`deployments.apps\`.`,
  argument: { name: "object", text: "kind/namespace/name, or kind/name in the --default-namespace" },
  flags: COMPARING.filter((name) => name !== "service"),
  examples: [
    { does: "a Deployment", line: "gitops trace deployment/payments/api --path clusters/prod" },
    { does: "a Pod, through its ReplicaSet", line: "gitops trace pod/payments/api-7d4b9c-x2x8q --path clusters/prod" },
    { does: "the file that declares it", line: "gitops trace configmap/payments/api -o json | jq -r .declaredAt.path" },
  ],
  exits: [
    { code: 0, means: "it belongs to a service of the ref" },
    { code: 1, means: "it belongs to none, or the ref does not declare it" },
    { code: 2, means: "it could not run, or there is no such object" },
  ],
  run(call) {
    const { settings, printer, argument } = call;
    const parts = argument.split("/");
    const [kind = "", namespace = "", name = ""] =
      parts.length === 2 ? [parts[0], settings.defaultNamespace, parts[1]] : parts;
    if (parts.length < 2 || parts.length > 3 || kind === "" || name === "") {
      const message = `${JSON.stringify(argument)} names no object`;
      const remedy = "name it as kind/namespace/name, such as deployment/payments/api";
      return Promise.resolve(printer.error([{ code: "usage/no-such-object", message, remedy }], EXIT.couldNotRun));
    }
    return withEngine(call, async (engine, { signal }) => {
      const traced = await engine.trace(passRequest(settings, "diff"), { kind, namespace, name }, signal);
      if (!traced.ok) return printer.error(traced.failures, EXIT.couldNotRun);
      const exit = traced.value.declaredAt === undefined ? EXIT.some : EXIT.ok;
      printer.result(
        () => traceDocument(traced.value, exit),
        (paint) => traceText(traced.value, paint),
      );
      return exit;
    });
  },
};
