// Small parts of the job screens: the page's title, a length against the usual one, a filter of several values, Ctrl+Enter.
import { useEffect } from "react";
import { durationText } from "./format.js";
import { useFilters } from "./filters.jsx";
import { useLanguage } from "./prefs.js";
import { setUrlParam } from "./tabs.jsx";
import { Timeline } from "./timeline.jsx";
import { useText } from "./text.js";
import { useNow } from "./values.jsx";

/** The title of the browser's tab, for pages whose state belongs into it. */
export function DocumentTitle({ text }) {
  useEffect(() => {
    const before = document.title;
    if (text) document.title = text;
    return () => {
      document.title = before;
    };
  }, [text]);
  return null;
}

/** How long something took or has been taking, and as a bar how that compares with the usual length. */
export function DurationBar({ seconds, since, typical }) {
  const language = useLanguage();
  const tick = useNow();
  const start = Date.parse(since || "");
  const runs = seconds === null || seconds === undefined;
  if (runs && Number.isNaN(start)) return <span className="sec">—</span>;
  const value = runs ? Math.max(0, Math.floor(((tick || start) - start) / 1000)) : seconds;
  const share = typical ? value / typical : 0;
  const tone = share > 1.25 ? "bg-warn" : runs ? "bg-t" : "bg-n";
  return (
    <span className="durb num">
      <span className={share > 1.25 ? "warn" : ""}>{durationText(language, value)}</span>
      {typical ? (
        <span className="bar" aria-hidden="true">
          <i className={tone} style={{ width: `${Math.min(100, Math.max(2, 100 * share))}%` }} />
        </span>
      ) : null}
    </span>
  );
}

/** "faltam 50 s" until the moment at which it usually ends; then that it takes longer. */
export function TimeLeft({ value }) {
  const t = useText();
  const tick = useNow();
  const end = Date.parse(value || "");
  if (Number.isNaN(end) || !tick) return null;
  const seconds = Math.ceil((end - tick) / 1000);
  return <span className="nowrap">{seconds > 0 ? t("job.left", { time: durationText(t.language, seconds) }) : t("job.over_typical")}</span>;
}

/** Several values of one parameter, separated by commas: each option is pressed or not. */
export function UrlChoices({ param, label, options }) {
  const { get, set } = useFilters();
  const chosen = get(param).split(",").filter(Boolean);
  const toggle = (value) => set({ [param]: (chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value]).join(",") });
  return (
    <div className="picks" role="group" aria-label={label}>
      {(options || []).map((option) => (
        <button key={option.value} type="button" className="pick" aria-pressed={chosen.includes(option.value)} onClick={() => toggle(option.value)}>
          {option.label}
        </button>
      ))}
    </div>
  );
}

/** Everything inside hears Ctrl+Enter; what is being typed is told first. */
export function SubmitKeys({ onSubmit, children }) {
  const onKeyDown = (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    document.activeElement?.blur?.();
    onSubmit();
  };
  return (
    <div className="form" onKeyDown={onKeyDown}>
      {children}
    </div>
  );
}

/** Shows a line of this page's log: the tab and the hash change in place, and the log hears of it once it is visible. */
function showLine(seq) {
  setUrlParam("tab", "logs", `L${seq}`);
  requestAnimationFrame(() => requestAnimationFrame(() => window.dispatchEvent(new HashChangeEvent("hashchange"))));
}

/** A link to a line of this job's log. */
export function LineLink({ seq, className = "lk", onGo, children }) {
  const go = (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    onGo?.();
    showLine(seq);
  };
  return (
    <a href={`?tab=logs#L${seq}`} className={className} onClick={go}>
      {children}
    </a>
  );
}

/** The timeline of a job: a press on a task shows the line of the log that it begins with. */
export function JobTimeline({ steps }) {
  return <Timeline steps={steps} onPick={(seq) => seq && showLine(seq)} />;
}
