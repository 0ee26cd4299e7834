import { type Changes, createRepository, type Repository } from "./git-server-repository.ts";

/** One service of a generated repository: a Flux document, and the folder that it points to. */
export interface MonorepoService {
  readonly name: string;
  readonly namespace: string;
  /** The service's id: `namespace/name`. */
  readonly id: string;
  /** The Flux document, `clusters/<env>/<namespace>/<name>.yaml`. */
  readonly document: string;
  /** The folder that is built, `<env>/releases/<namespace>/<name>`. */
  readonly folder: string;
}

export interface MonorepoShape {
  readonly services: number;
  readonly namespaces: number;
  readonly environment?: string;
}

/** A repository as release-manager lays it out: four objects a service, and one service that has the namespaces. */
export interface Monorepo extends Repository {
  readonly environment: string;
  readonly services: readonly MonorepoService[];
  /** The service with the Namespace objects; it is not among `services`. */
  readonly namespaces: MonorepoService;
  /** The first commit. */
  readonly first: string;
}

/** Objects of each generated service: Deployment, Service, ConfigMap and ServiceAccount. */
export const OBJECTS_PER_SERVICE = 4;

export async function createMonorepo(path: string, shape: MonorepoShape): Promise<Monorepo> {
  const environment = shape.environment ?? "dev";
  const repository = await createRepository(path);
  const services = Array.from({ length: shape.services }, (_, index) =>
    serviceOf(environment, namespaceName(index % shape.namespaces), serviceName(index)),
  );
  const namespaces = serviceOf(environment, "platform", "namespaces");
  const names = Array.from({ length: shape.namespaces }, (_, index) => namespaceName(index));
  const first = await repository.commit(
    {
      "README.md": "What runs where. Written by release tooling; edit through pull requests.\n",
      ...namespaceFiles(namespaces, names),
      ...Object.assign({}, ...services.map((service) => serviceFiles(service))),
    },
    "all services",
  );
  return { ...repository, environment, services, namespaces, first };
}

export function serviceOf(environment: string, namespace: string, name: string): MonorepoService {
  return {
    name,
    namespace,
    id: `${namespace}/${name}`,
    document: `clusters/${environment}/${namespace}/${name}.yaml`,
    folder: `${environment}/releases/${namespace}/${name}`,
  };
}

const TEAMS = "payments lending cards identity ledger rewards support insights onboarding treasury".split(" ");
const NOUNS = "accounts api audit batch console events exports feed gateway importer jobs limits mailer notifier".split(
  " ",
);

function namespaceName(index: number): string {
  const team = TEAMS[index % TEAMS.length] ?? "team";
  return index < TEAMS.length ? team : `${team}-${Math.floor(index / TEAMS.length) + 1}`;
}

function serviceName(index: number): string {
  return `${NOUNS[index % NOUNS.length] ?? "service"}-${String(index).padStart(4, "0")}`;
}

function namespaceFiles(service: MonorepoService, names: readonly string[]): Changes {
  const resources = names.map((name) => `  - ${name}.yaml\n`).join("");
  return {
    [service.document]: fluxDocument(service, { targetNamespace: null }),
    [`${service.folder}/kustomization.yaml`]: `${KUSTOMIZATION}resources:\n${resources}`,
    ...Object.fromEntries(
      names.map((name) => [
        `${service.folder}/${name}.yaml`,
        `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n  labels:\n    team: ${name}\n`,
      ]),
    ),
  };
}

/** All files of a service; `version` is its image's tag and stands in its ConfigMap. */
function serviceFiles(service: MonorepoService, version = "1.0.0"): Changes {
  return { [service.document]: fluxDocument(service), ...folderFiles(service, version) };
}

/** `kustomization.yaml`'s first lines. */
export const KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";

export function fluxDocument(
  service: MonorepoService,
  changed: { readonly path?: string; readonly targetNamespace?: string | null; readonly more?: string } = {},
): string {
  const target = changed.targetNamespace === undefined ? service.namespace : changed.targetNamespace;
  return `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: ${service.name}
  namespace: ${service.namespace}
spec:
  interval: 5m
  path: ${changed.path ?? `./${service.folder}`}
  prune: true
  sourceRef:
    kind: GitRepository
    name: k8s-cluster-config
    namespace: flux-system
${target === null ? "" : `  targetNamespace: ${target}\n`}${changed.more ?? ""}`;
}

function folderFiles(service: MonorepoService, version: string): Changes {
  const { folder, name } = service;
  return {
    [`${folder}/kustomization.yaml`]: `${KUSTOMIZATION}resources:
  - configmap.yaml
  - deployment.yaml
  - service.yaml
  - serviceaccount.yaml
labels:
  - pairs:
      team: ${service.namespace}
`,
    [`${folder}/configmap.yaml`]: configMap(name, version),
    [`${folder}/deployment.yaml`]: deployment(name, version),
    [`${folder}/service.yaml`]: `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - name: http
      port: 80
      targetPort: 8080
`,
    [`${folder}/serviceaccount.yaml`]: `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ${name}\n`,
    [`${folder}/artifact.json`]: `${JSON.stringify({ id: `main-${version}`, service: name, namespace: service.namespace })}\n`,
  };
}

export function configMap(name: string, version: string): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  VERSION: "${version}"
  LOG_LEVEL: info
`;
}

export function deployment(name: string, version: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      serviceAccountName: ${name}
      containers:
        - name: ${name}
          image: registry.example.org/${name}:${version}
          ports:
            - name: http
              containerPort: 8080
          envFrom:
            - configMapRef:
                name: ${name}
          resources:
            requests:
              cpu: 10m
              memory: 32Mi
`;
}

/** A new release of a service: its image's tag and one line of its ConfigMap. Two of its objects change. */
export function release(service: MonorepoService, version: string): Changes {
  return {
    [`${service.folder}/configmap.yaml`]: configMap(service.name, version),
    [`${service.folder}/deployment.yaml`]: deployment(service.name, version),
  };
}

/** Takes services out: their documents and their folders. */
export function removal(services: readonly MonorepoService[]): Changes {
  return Object.fromEntries(
    services.flatMap(
      (service) =>
        [
          [service.document, null],
          [service.folder, null],
        ] as const,
    ),
  );
}

/** Moves a service into another namespace's folders; its objects go along, into that namespace. */
export function move(environment: string, from: MonorepoService, namespace: string): Changes {
  const to = serviceOf(environment, namespace, from.name);
  return {
    [to.folder]: { movedFrom: from.folder },
    [from.document]: null,
    [to.document]: fluxDocument(to),
  };
}
