// Numbers and times as elements: in the reader's language, ticking where they age.
import { useState, useSyncExternalStore } from "react";
import { absoluteText, clockText, durationText, numberText, relativeText, sizeText } from "./format.js";
import { useLanguage } from "./prefs.js";

const listeners = new Set();
let timer = 0;
let now = 0;

function subscribe(listener) {
  listeners.add(listener);
  if (!timer) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      listeners.forEach((each) => each());
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (!listeners.size) {
      clearInterval(timer);
      timer = 0;
    }
  };
}

/** The time in ms, one shared tick per second; it stands still for a component that asks for a coarser step. */
export function useNow(stepMs = 1000) {
  const read = () => Math.floor((now || Date.now()) / stepMs) * stepMs;
  return useSyncExternalStore(subscribe, read, () => 0);
}

/** "há 2 min"; the absolute time is in the tooltip and, after a tap, in place. */
export function RelativeTime({ value, className = "" }) {
  const language = useLanguage();
  const [absolute, setAbsolute] = useState(false);
  const moment = Date.parse(value || "");
  const tick = useNow();
  if (Number.isNaN(moment)) return <span className="sec">—</span>;
  const full = absoluteText(language, moment);
  const shown = absolute ? full : relativeText(language, Math.min(moment, moment > tick + 5000 ? moment : tick), tick || moment);
  return (
    <time dateTime={value} title={full} className={`nowrap num ${className}`.trim()} onClick={() => setAbsolute(!absolute)}>
      {shown}
    </time>
  );
}

/** How long ago this appeared on the page. */
export function SinceMounted() {
  const [moment] = useState(() => new Date().toISOString());
  return <RelativeTime value={moment} />;
}

/** A length of time: fixed (`seconds`) or counting since a moment (`since`) while seconds are not known yet. */
export function Duration({ seconds, since, className = "" }) {
  const language = useLanguage();
  const tick = useNow();
  const start = Date.parse(since || "");
  const counting = (seconds === null || seconds === undefined) && !Number.isNaN(start);
  const value = counting ? Math.max(0, Math.floor(((tick || start) - start) / 1000)) : seconds;
  return <span className={`nowrap num ${className}`.trim()}>{durationText(language, value)}</span>;
}

/** Time of day, with the date when it is another day. */
export function ClockTime({ value, className = "" }) {
  const language = useLanguage();
  const moment = Date.parse(value || "");
  const tick = useNow(60000);
  if (Number.isNaN(moment)) return <span className="sec">—</span>;
  return (
    <time dateTime={value} title={absoluteText(language, moment)} className={`nowrap num ${className}`.trim()}>
      {clockText(language, moment, tick || moment)}
    </time>
  );
}

export function NumberText({ value, digits = 0 }) {
  return <span className="num">{numberText(useLanguage(), value, digits)}</span>;
}

export function FileSize({ value }) {
  return <span className="num nowrap">{sizeText(useLanguage(), value)}</span>;
}
