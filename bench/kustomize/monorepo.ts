import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a monorepo of `count` services with four objects each: one folder and five files a service. */
export function writeMonorepo(root: string, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const name = `service-${String(index).padStart(3, "0")}`;
    const folder = join(root, "services", name);
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of Object.entries(serviceFiles(name, `team-${index % 20}`))) {
      writeFileSync(join(folder, file), text);
    }
  }
}

function serviceFiles(name: string, namespace: string): Readonly<Record<string, string>> {
  return {
    "kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: ${namespace}
labels:
  - pairs:
      app.kubernetes.io/managed-by: gitops
    includeSelectors: false
images:
  - name: registry.example.com/${name}
    newTag: v1.4.2
resources:
  - deployment.yaml
  - service.yaml
  - config.yaml
  - account.yaml
`,
    "deployment.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app: ${name}
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
        - name: main
          image: registry.example.com/${name}:v1.0.0
          ports:
            - containerPort: 8080
              name: http
          envFrom:
            - configMapRef:
                name: ${name}
          readinessProbe:
            httpGet:
              path: /ready
              port: http
          resources:
            requests: { cpu: 50m, memory: 64Mi }
            limits: { memory: 128Mi }
`,
    "service.yaml": `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - port: 80
      targetPort: http
`,
    "config.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  LOG_LEVEL: info
  UPSTREAM: http://gateway.${namespace}.svc
`,
    "account.yaml": `apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${name}
`,
  };
}
