// Pure: from plays and tasks with start and end to bars in percent, ticks and estimates.

const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
const MAX_TICKS = 7;

/** Worst result of a step's hosts decides its icon; a running or pending step is named by its own status. */
export function outcomeOf(step) {
  if (step.status === "RUNNING") return "running";
  if (step.status === "PENDING") return "pending";
  const states = (step.hosts || []).map((host) => (host.status === "ok" && host.changed ? "changed" : host.status));
  for (const bad of ["failed", "unreachable"]) if (states.includes(bad)) return bad;
  if (step.status === "ERROR") return "failed";
  if (step.status === "CANCELED") return "ignored";
  if (states.includes("changed")) return "changed";
  if (states.length && states.every((state) => state === "skipped")) return "skipped";
  return "ok";
}

function spanOf(step, start, now) {
  const from = Date.parse(step.startedAt || "");
  if (Number.isNaN(from)) return null;
  const to = Date.parse(step.finishedAt || "");
  const end = Number.isNaN(to) ? (step.status === "RUNNING" ? now : from) : to;
  return { from: (from - start) / 1000, to: Math.max(0, (end - start) / 1000), seconds: Math.max(0, (end - from) / 1000) };
}

/** Seconds between two grid lines, so that at most seven are drawn. */
export function tickStep(seconds) {
  return TICKS_S.find((step) => seconds / step <= MAX_TICKS) || TICKS_S[TICKS_S.length - 1];
}

/** A play that has not begun reaches from the first to the last estimated place of its tasks. */
function spanPendingPlays(steps, spans) {
  steps.forEach((step, at) => {
    if (spans[at] || step.kind !== "play") return;
    const end = steps.findIndex((other, place) => place > at && other.kind === "play");
    const tasks = spans.slice(at + 1, end === -1 ? undefined : end).filter((span) => span?.ghost);
    if (!tasks.length) return;
    const [from, to] = [tasks[0].from, tasks[tasks.length - 1].to];
    spans[at] = { from, to, seconds: to - from, ghost: true };
  });
}

/**
 * Rows in order with `left` and `width` in percent.
 * Steps are `{id?, name, kind: play|task, play, status, startedAt, finishedAt, firstSeq, hosts, estimateS?}`. A pending
 * task with `estimateS` gets a dashed place behind the usual end of the running ones, a pending play that of its tasks.
 */
export function layoutTimeline(steps, now) {
  const starts = steps.map((step) => Date.parse(step.startedAt || "")).filter((moment) => !Number.isNaN(moment));
  const start = starts.length ? Math.min(...starts) : now;
  const live = steps.some((step) => step.status === "RUNNING" || step.status === "PENDING");
  const spans = steps.map((step) => spanOf(step, start, now));
  let end = Math.max(0, ...spans.filter(Boolean).map((span) => span.to));
  const nowAt = live ? Math.max(end, (now - start) / 1000) : null;
  const due = steps.map((step, at) => (step.status === "RUNNING" && step.kind !== "play" ? (spans[at]?.from ?? 0) + (step.estimateS || 0) : 0));
  end = Math.max(end, nowAt || 0, ...due);
  steps.forEach((step, at) => {
    if (spans[at] || !step.estimateS || step.kind === "play") return;
    spans[at] = { from: end, to: end + step.estimateS, seconds: step.estimateS, ghost: true };
    end += step.estimateS;
  });
  spanPendingPlays(steps, spans);
  const whole = Math.max(end, 0.001) * (live ? 1.02 : 1);
  const rows = steps.map((step, at) => {
    const span = spans[at];
    const place = span ? { left: (100 * span.from) / whole, width: (100 * (span.to - span.from)) / whole } : null;
    return { step, outcome: outcomeOf(step), place, seconds: span?.seconds, ghost: Boolean(span?.ghost) };
  });
  const step = tickStep(whole);
  const ticks = [];
  for (let at = step; at < whole; at += step) ticks.push({ seconds: at, left: (100 * at) / whole });
  return { rows, ticks, now: nowAt === null ? null : (100 * nowAt) / whole, seconds: end };
}
