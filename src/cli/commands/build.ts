import { failed, ok, type Result, serviceGlob } from "../../model/index.ts";
import { buildDocument } from "../../report/index.ts";
import { type CommandSpec, withEngine } from "../command.ts";
import type { Discovered } from "../engine.ts";
import { EXIT } from "../exit.ts";
import { READING } from "../flags.ts";

export const build: CommandSpec = {
  name: "build",
  summary: "print the objects of one service, as kustomize build does",
  text: `Builds one service of the ref and prints what \`kustomize build\` prints, byte for byte. Needs no cluster.
A service is named by its id or by its folder. \`-o yaml\` prints the same text; \`-o json\` a document with the objects.`,
  argument: { name: "service", text: "id or folder of the service" },
  flags: READING.filter((name) => name !== "service"),
  examples: [
    { does: "the objects of a service", line: "gitops build payments/api --path clusters/prod" },
    { does: "the same at another ref", line: "gitops build payments/api --path clusters/prod --ref my-branch" },
  ],
  exits: [
    { code: 0, means: "built" },
    { code: 1, means: "the service is broken" },
    { code: 2, means: "it could not run, or there is no such service" },
  ],
  run(call) {
    const { settings, printer, argument } = call;
    return withEngine(call, async (engine, { signal }) => {
      const found = await engine.discover(settings.path, signal);
      if (!found.ok) return printer.error(found.failures, EXIT.couldNotRun);
      const broken = found.value.discovery.broken.find(({ id }) => id === argument);
      if (broken !== undefined) return printer.error(broken.failures, EXIT.some);
      const service = serviceNamed(argument, found.value);
      if (!service.ok) return printer.error(service.failures, EXIT.couldNotRun);
      const built = await engine.build(found.value, service.value, signal);
      if (!built.ok) return printer.error(built.failures, EXIT.some);
      if (settings.output !== "json") printer.raw(built.value.text);
      else
        printer.result(
          () => buildDocument(service.value, found.value.revision, built.value.objects, EXIT.ok),
          () => "",
        );
      return EXIT.ok;
    });
  },
};

/** The id of the one service that has this id or this folder. */
function serviceNamed(name: string, { discovery }: Discovered): Result<string> {
  const folder = name.replace(/^\.\//, "").replace(/\/+$/, "");
  const { services } = discovery;
  const exact = services.find(({ id }) => id === name) ?? services.find(({ id }) => id === folder);
  if (exact !== undefined) return ok(exact.id);
  const inFolder = services.filter((service) => service.folder === folder);
  if (inFolder.length === 1 && inFolder[0] !== undefined) return ok(inFolder[0].id);
  const near = services.filter(({ id }) => id.includes(folder) || serviceGlob(name)(id)).slice(0, 5);
  const names = (inFolder.length > 1 ? inFolder : near).map(({ id }) => id).join(", ");
  return failed({
    code: "usage/no-such-service",
    message:
      inFolder.length > 1
        ? `${folder} is the folder of ${inFolder.length} services`
        : `there is no service ${JSON.stringify(name)}`,
    remedy: names === "" ? "gitops services lists them" : `did you mean ${names}?`,
  });
}
