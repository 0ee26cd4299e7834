import { clashes } from "./intent.ts";
import type { Breakage, Monorepo, ServiceSpec, Settings, Spelling, Thing } from "./monorepo.ts";
import type { OwnSettings, SettingsFile, SettingsPlace } from "./settings.ts";

/** One change of the repository. Numbers pick among what is there, so that any edit means something in any repository. */
export type Edit =
  | { readonly edit: "add-service"; readonly added: ServiceSpec }
  | { readonly edit: "drop-service"; readonly service: number }
  | { readonly edit: "rename-service"; readonly service: number; readonly name: string }
  | { readonly edit: "rename-folder"; readonly service: number; readonly folder: string }
  | { readonly edit: "split-service"; readonly service: number; readonly name: string }
  | { readonly edit: "merge-services"; readonly service: number; readonly into: number }
  | { readonly edit: "add"; readonly service: number; readonly thing: Thing }
  | { readonly edit: "change"; readonly service: number; readonly thing: number; readonly value: string }
  | { readonly edit: "respell"; readonly service: number; readonly thing: number; readonly spelling: Spelling }
  | { readonly edit: "drop"; readonly service: number; readonly thing: number }
  | { readonly edit: "drop-all"; readonly service: number }
  | {
      readonly edit: "move" | "copy";
      readonly service: number;
      readonly thing: number;
      readonly to: number;
      readonly spelling?: Spelling;
    }
  | { readonly edit: "drop-some"; readonly service: number }
  | { readonly edit: "set"; readonly service: number; readonly settings: Partial<Settings> }
  | { readonly edit: "depend"; readonly service: number; readonly on: number }
  | { readonly edit: "break"; readonly service: number; readonly breakage: Breakage }
  | { readonly edit: "mend"; readonly service: number }
  | { readonly edit: "base"; readonly base: number; readonly things: readonly Thing[] }
  | { readonly edit: "use-base"; readonly service: number; readonly base: number }
  | { readonly edit: "move-to-base"; readonly service: number; readonly thing: number; readonly base: number }
  | { readonly edit: "loose"; readonly thing: Thing }
  | { readonly edit: "move-to-loose"; readonly service: number; readonly thing: number }
  | { readonly edit: "drop-loose" }
  | { readonly edit: "settings"; readonly place: SettingsPlace; readonly file?: SettingsFile }
  | { readonly edit: "own-settings"; readonly service: number; readonly own?: OwnSettings }
  | { readonly edit: "have"; readonly spec: ServiceSpec }
  | { readonly edit: "drop-named"; readonly name: string }
  | { readonly edit: "mend-all" }
  | { readonly edit: "path"; readonly gone: boolean };

export function edited(monorepo: Monorepo, edit: Edit): Monorepo {
  if ("service" in edit) {
    return monorepo.services.length === 0 ? monorepo : editedService(monorepo, edit);
  }
  switch (edit.edit) {
    case "add-service":
      return withServices(monorepo, [...monorepo.services, edit.added]);
    case "base":
      return { ...monorepo, bases: monorepo.bases.map((base, index) => (index === edit.base ? edit.things : base)) };
    case "loose":
      return withLoose(monorepo, edit.thing);
    case "drop-loose":
      return { ...monorepo, loose: [] };
    case "settings": {
      const { [edit.place]: _, ...others } = monorepo.settings;
      return { ...monorepo, settings: edit.file === undefined ? others : { ...others, [edit.place]: edit.file } };
    }
    case "have": {
      const { name, form, folder } = edit.spec;
      const others = monorepo.services.filter(
        (one) => one.name !== name && !(one.form === form && one.folder === folder),
      );
      return withServices(monorepo, [...others, edit.spec]);
    }
    case "drop-named":
      return withServices(
        monorepo,
        monorepo.services.filter(({ name }) => name !== edit.name),
      );
    case "mend-all":
      return withServices(monorepo, monorepo.services.map(mended));
    case "path":
      return { ...monorepo, pathGone: edit.gone };
  }
}

function mended(service: ServiceSpec): ServiceSpec {
  const { breakage: _, ...sound } = service;
  return sound;
}

type ServiceEdit = Extract<Edit, { readonly service: number }>;

function editedService(monorepo: Monorepo, edit: ServiceEdit): Monorepo {
  const { services } = monorepo;
  const at = edit.service % services.length;
  const service = services[at];
  if (service === undefined) return monorepo;
  const others = services.filter((_, index) => index !== at);
  const replaced = (changed: ServiceSpec): Monorepo => withServices(monorepo, services.with(at, changed));
  switch (edit.edit) {
    case "drop-service":
      return withServices(monorepo, others);
    case "rename-service":
      return replaced({ ...service, name: edit.name });
    case "rename-folder":
      return replaced({ ...service, folder: edit.folder });
    case "split-service": {
      const half = Math.ceil(service.things.length / 2);
      const [stay, go] = [service.things.slice(0, half), service.things.slice(half)];
      const { breakage: _, ...sound } = service;
      const split = { ...sound, name: edit.name, folder: edit.name, things: go, bases: [] };
      return withServices(monorepo, [...services.with(at, { ...service, things: stay }), split]);
    }
    case "add":
      return replaced({ ...service, things: [...service.things, edit.thing] });
    case "drop-some":
      return replaced({ ...service, things: service.things.slice(0, 1) });
    case "drop-all":
      return replaced({ ...service, things: [], bases: [] });
    case "set":
      return replaced({ ...service, settings: { ...service.settings, ...edit.settings } });
    case "break":
      return replaced({ ...service, breakage: edit.breakage });
    case "mend":
      return replaced(mended(service));
    case "own-settings": {
      const { own: _, ...usual } = service;
      return replaced(edit.own === undefined ? usual : { ...usual, own: edit.own });
    }
    case "use-base": {
      const { bases } = service;
      const has = bases.includes(edit.base);
      return replaced({ ...service, bases: has ? bases.filter((base) => base !== edit.base) : [...bases, edit.base] });
    }
    case "depend":
    case "merge-services":
      return editedPair(monorepo, edit, at, service);
    case "change":
    case "respell":
    case "drop":
    case "move":
    case "copy":
    case "move-to-base":
    case "move-to-loose":
      return editedThing(monorepo, edit, at, service);
  }
}

function editedPair(
  monorepo: Monorepo,
  edit: Extract<ServiceEdit, { edit: "depend" | "merge-services" }>,
  at: number,
  service: ServiceSpec,
): Monorepo {
  const { services } = monorepo;
  const to = (edit.edit === "depend" ? edit.on : edit.into) % services.length;
  const other = services[to];
  if (other === undefined || to === at) return monorepo;
  if (edit.edit === "merge-services") {
    const merged = { ...other, things: [...other.things, ...service.things] };
    return withServices(
      monorepo,
      services.with(to, merged).filter((_, index) => index !== at),
    );
  }
  const settings = { ...service.settings, dependsOn: [other.name] };
  return withServices(monorepo, services.with(at, { ...service, settings }));
}

type ThingEdit = Extract<ServiceEdit, { readonly thing: number }>;

function editedThing(monorepo: Monorepo, edit: ThingEdit, at: number, service: ServiceSpec): Monorepo {
  const index = edit.thing % Math.max(1, service.things.length);
  const thing = service.things[index];
  if (thing === undefined) return monorepo;
  const { services } = monorepo;
  const without = { ...service, things: service.things.filter((_, other) => other !== index) };
  switch (edit.edit) {
    case "change": {
      const things = service.things.with(index, { ...thing, value: edit.value });
      return withServices(monorepo, services.with(at, { ...service, things }));
    }
    case "respell": {
      const things = service.things.with(index, respelled(thing, edit.spelling));
      return withServices(monorepo, services.with(at, { ...service, things }));
    }
    case "drop":
      return withServices(monorepo, services.with(at, without));
    case "move":
    case "copy": {
      const to = edit.to % services.length;
      const target = services[to];
      if (target === undefined || to === at) return monorepo;
      // Of a copy it is the original that is spelled anew.
      const original = { ...service, things: service.things.with(index, respelled(thing, edit.spelling)) };
      const left = services.with(at, edit.edit === "move" ? without : original);
      const moved = edit.edit === "move" ? respelled(thing, edit.spelling) : thing;
      return withServices(monorepo, left.with(to, { ...target, things: [...target.things, moved] }));
    }
    case "move-to-base": {
      const bases = monorepo.bases.map((base, other) => (other === edit.base ? [...base, thing] : base));
      return { ...withServices(monorepo, services.with(at, without)), bases };
    }
    case "move-to-loose":
      return withLoose(withServices(monorepo, services.with(at, without)), thing);
  }
}

const FIXABLE: ReadonlySet<string> = new Set(["ConfigMap", "Secret", "PersistentVolumeClaim", "Deployment"]);

/** Only some kinds have versions, and only a ConfigMap is generated. */
function respelled(thing: Thing, spelling: Spelling = thing.spelling): Thing {
  if (spelling === "immutable" || spelling === "recreated")
    return FIXABLE.has(thing.kind) ? { ...thing, spelling } : thing;
  const fits = spelling === "unserved" ? thing.kind === "Role" : spelling !== "generated";
  return fits ? { ...thing, spelling } : thing;
}

/** Two services cannot have one name or one folder: the later one gives way. */
function withServices(monorepo: Monorepo, services: readonly ServiceSpec[]): Monorepo {
  const names = new Set<string>();
  const kept = services.filter(({ name, folder, form }) => {
    const free = !names.has(`name ${name}`) && !names.has(`folder ${form} ${folder}`);
    names.add(`name ${name}`);
    names.add(`folder ${form} ${folder}`);
    return free;
  });
  return { ...monorepo, services: kept };
}

/** Beside Flux documents lie plain objects only, each once. */
function withLoose(monorepo: Monorepo, thing: Thing): Monorepo {
  const plain: Thing = thing.spelling === "generated" ? { ...thing, spelling: "plain" } : thing;
  const loose = [...monorepo.loose, plain];
  return clashes(loose, "") ? monorepo : { ...monorepo, loose };
}
