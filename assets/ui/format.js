// Pure formatting by Intl: durations, relative and absolute times, sizes. No React, no clock of its own.

const STEPS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

function unitText(language, value, unit, digits = 0) {
  const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, options).format(value).replace("sec", "s").replace(/\bhr\b/, "h");
}

/** "2 min 14 s": the two largest units. Below ten seconds one decimal when it says something. */
export function durationText(language, seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "—";
  const total = Math.max(0, seconds);
  if (total < 10) return unitText(language, total, "second", total < 1 ? 2 : 1);
  const whole = Math.round(total);
  const at = STEPS.findIndex(([, size]) => whole >= size);
  const [unit, size] = STEPS[at];
  const first = unitText(language, Math.floor(whole / size), unit);
  const next = STEPS[at + 1];
  const rest = next ? Math.floor((whole % size) / next[1]) : 0;
  return rest ? `${first} ${unitText(language, rest, next[0])}` : first;
}

/** "há 2 min" / "2 min ago" / "em 5 min" for a moment seen from `now` (both in ms). */
export function relativeText(language, moment, now) {
  const seconds = Math.round((moment - now) / 1000);
  const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) || STEPS[3];
  const style = { numeric: Math.abs(seconds) < 1 || unit === "day" ? "auto" : "always", style: "short" };
  return new Intl.RelativeTimeFormat(language, style).format(Math.trunc(seconds / size), unit).replace(/(\p{L})\./gu, "$1").replace(/\bhr\b/, "h");
}

/** Date and time to the second with the zone's name: what a tooltip shows. */
export function absoluteText(language, moment) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long" }).format(moment);
}

/** "seg., 23 de nov. de 2026, 09:00 BRT" as the clocks of a zone show it; an unknown zone counts as UTC. */
export function zonedText(language, moment, zone) {
  const parts = { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  try {
    return new Intl.DateTimeFormat(language, { ...parts, timeZone: zone || "UTC" }).format(moment);
  } catch {
    return new Intl.DateTimeFormat(language, { ...parts, timeZone: "UTC" }).format(moment);
  }
}

/** "14:32:07", with the date in front when it is not the day of `now`. */
export function clockText(language, moment, now) {
  const at = new Date(moment);
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
  const sameDay = at.toDateString() === new Date(now).toDateString();
  const date = sameDay ? {} : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(language, { ...date, ...time }).format(at);
}

/** "02:47:31.204" in the reader's zone, for a log line. */
export function stampText(moment) {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return "";
  const pad = (value, width = 2) => String(value).padStart(width, "0");
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
}

/** "+2:14.318": how long after the first line. */
export function offsetText(moment, start) {
  const ms = Math.max(0, moment - start);
  const minutes = Math.floor(ms / 60000);
  return `+${minutes}:${((ms % 60000) / 1000).toFixed(3).padStart(6, "0")}`;
}

/** "1.128" / "1,128". */
export function numberText(language, value, digits = 0) {
  if (value === null || value === undefined || value === "") return "—";
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** "148 MB", in steps of 1000 as disks count. */
export function sizeText(language, bytes) {
  if (bytes === null || bytes === undefined) return "—";
  if (bytes < 1000) return `${numberText(language, bytes)}\u00a0B`;
  const units = ["kilobyte", "megabyte", "gigabyte", "terabyte"];
  const step = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return unitText(language, value, units[step - 1], value < 10 ? 1 : 0);
}
