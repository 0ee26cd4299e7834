export { diffText } from "./diff-text.ts";
export {
  buildDocument,
  confirmedDocument,
  type Document,
  errorDocument,
  eventsDocument,
  historyDocument,
  type PassDocument,
  passDocument,
  servicesDocument,
  statusDocument,
  suspensionsDocument,
  versionDocument,
} from "./documents.ts";
export { errorText } from "./failure-text.ts";
export { traceDocument, treeDocument, whyDocument } from "./insight-document.ts";
export { traceText, treeText, whyText } from "./insight-text.ts";
export { type Log, type LogLevel, newLog } from "./logs.ts";
export { METRIC_DESCRIPTIONS } from "./metric-list.ts";
export { type Metrics, newMetrics, passResult } from "./metrics.ts";
export { orphansDocument } from "./orphans-document.ts";
export { orphansText } from "./orphans-text.ts";
export { newPaint, type Paint } from "./paint.ts";
export { passText } from "./pass-text.ts";
export { advance, type LineOptions, liveLine, NOTHING_DONE, type Progress, plainLine } from "./progress.ts";
export { type Format, serialize } from "./serialize.ts";
export { servicesText } from "./services-text.ts";
export { settingsDocument } from "./settings-document.ts";
export { settingsText } from "./settings-text.ts";
export { confirmedText, eventsText, historyText, type IdleGlob, suspensionsText } from "./standing-text.ts";
export { isHealthy, type PassRecord, recordPass, standingReport, statusReport } from "./status.ts";
export { statusText } from "./status-text.ts";
