export { ROLLOUT_ANNOTATION } from "./controllers/rollouts.ts";
export {
  type AuditEvent,
  createEmbedded,
  type EmbeddedCluster,
  type EmbeddedOptions,
  type Saved,
} from "./embedded-cluster.ts";
export { embeddedReply, type ServedCluster, serveEmbedded } from "./http/serve.ts";
