// Pure: the tone, icon and word of every state the product knows.

const TONES = {
  SUCCESS: ["ok", "ok"],
  ERROR: ["bad", "failed"],
  CANCELED: ["", "canceled"],
  RUNNING: ["run", "running"],
  PENDING: ["", "clock"],
  SKIPPED: ["", "canceled"],
  waiting: ["", "clock"],
  ok: ["ok", "ok"],
  changed: ["warn", "edit"],
  failed: ["bad", "failed"],
  unreachable: ["bad", "offline"],
  skipped: ["", "canceled"],
  rescued: ["warn", "undo"],
  ignored: ["", "canceled"],
  running: ["run", "running"],
  pending: ["", "clock"],
  untested: ["", "help"],
  unknown: ["", "help"],
  online: ["ok", "ok"],
  offline: ["bad", "offline"],
  draining: ["warn", "clock"],
  drained: ["warn", "pause"],
  stopped: ["", "stop"],
  active: ["ok", "ok"],
  disabled: ["", "canceled"],
  enabled: ["ok", "ok"],
  broken: ["bad", "warning"],
  pinned: ["ok", "fingerprint"],
  unpinned: ["warn", "fingerprint"],
  valid: ["ok", "ok"],
  auth_failed: ["bad", "key"],
  key_changed: ["bad", "fingerprint"],
  done: ["ok", "check"],
  paused: ["", "pause"],
  ended: ["", "check"],
  missed: ["warn", "clock"],
  started: ["ok", "ok"],
  holding: ["warn", "lock"],
  up: ["ok", "ok"],
  healthy: ["ok", "ok"],
  fine: ["ok", "ok"],
  unhealthy: ["warn", "warning"],
  starting: ["", "clock"],
  restarting: ["bad", "retry"],
  crashed: ["bad", "failed"],
  dead: ["bad", "failed"],
  exited: ["", "stop"],
  replaced: ["", "stop"],
  created: ["", "dot"],
  removing: ["", "trash"],
  gone: ["", "canceled"],
  short: ["warn", "warning"],
  none_running: ["bad", "failed"],
  update_failed: ["bad", "failed"],
  updating: ["run", "running"],
  in_trouble: ["warn", "warning"],
  lost: ["bad", "offline"],
};
const WAITING = {
  awaiting_approval: ["warn", "lock"],
  waiting_lock: ["warn", "lock"],
  waiting_limit: ["warn", "clock"],
  waiting_retry: ["warn", "retry"],
};
const PLAIN_PHASES = new Set(["", "queued", "running", "done", "finished"]);

/** `{tone, icon, spin, prefix, word}`: a job that waits or prepares is named by its phase, anything else by its status. */
export function badgeOf(status, phase = "") {
  const [tone, icon] = WAITING[phase] || TONES[status] || ["", "dot"];
  const open = status === "PENDING" || status === "RUNNING";
  const byPhase = open && phase && !PLAIN_PHASES.has(phase);
  return { tone, icon, spin: icon === "running", prefix: byPhase ? "phase." : "status.", word: byPhase ? phase : status };
}
