// Timeline: plays and tasks as bars. Finished = neutral ink, running = stripes up to now, pending = dashed estimate.
import { useState } from "react";
import { durationText } from "./format.js";
import { Icon } from "./icons.jsx";
import { useText } from "./text.js";
import { layoutTimeline } from "./timeline_layout.js";
import { useNow } from "./values.jsx";

const ICONS = {
  ok: ["ok", "ok"],
  changed: ["edit", "warn"],
  failed: ["failed", "bad"],
  unreachable: ["offline", "bad"],
  skipped: ["canceled", "sec"],
  ignored: ["canceled", "sec"],
  running: ["running", ""],
  pending: ["clock", "sec"],
};

function barClass(row) {
  if (row.ghost) return "ghost";
  if (row.outcome === "running") return row.step.kind === "play" ? "bg-t" : "stripe";
  if (row.outcome === "failed" || row.outcome === "unreachable") return "bg-bad";
  return "bg-n";
}

function Row({ row, open, onToggle, onPick }) {
  const t = useText();
  const { step, outcome, place } = row;
  const play = step.kind === "play";
  const [icon, tone] = ICONS[outcome] || ICONS.ok;
  const length = row.seconds === undefined ? "—" : durationText(t.language, row.seconds);
  const told = row.ghost ? `${t("timeline.estimated")} ${length}` : length;
  const look = `gr ${play ? "play" : "task"} ${outcome === "running" && !play ? "now-row" : ""} ${outcome === "pending" ? "later" : ""}`;
  const press = play ? onToggle : () => onPick?.(step.firstSeq || 0);
  const access = play ? { "aria-expanded": open } : { "aria-label": `${step.name}, ${t.value("status.", outcome)}, ${told}`, title: step.firstSeq ? t("timeline.open_log", { name: step.name }) : undefined };
  return (
    <button type="button" className={look.replace(/\s+/g, " ").trim()} onClick={press} disabled={!play && !(onPick && step.firstSeq)} {...access}>
      <span className="nm">
        {play ? <Icon name={open ? "chevron-down" : "chevron-right"} size={14} className="sec" /> : <Icon name={icon} size={14} className={outcome === "running" ? "spin" : tone} />}
        <span className="trunc">{step.name}</span>
        {outcome === "changed" && !play ? <span className="sec sm nowrap no-phone">{t("timeline.changed")}</span> : null}
      </span>
      <span className="ax" aria-hidden="true">
        {place ? <i className={barClass(row)} style={{ left: `${place.left}%`, width: `${place.width}%` }} /> : null}
      </span>
      <span className="du" title={row.ghost ? told : undefined}>
        {row.ghost ? <span aria-hidden="true">≈ </span> : null}
        {row.ghost && play ? <span className="sr">{t("timeline.estimated")} </span> : null}
        {length}
      </span>
    </button>
  );
}

/** `onPick(seq)` hears which line of the log a task begins with. */
export function Timeline({ steps, onPick }) {
  const t = useText();
  const now = useNow();
  const [closed, setClosed] = useState(() => new Set());
  const { rows, ticks, now: nowAt } = layoutTimeline(steps || [], now);
  const toggle = (name) => {
    const next = new Set(closed);
    if (!next.delete(name)) next.add(name);
    setClosed(next);
  };
  let play = "";
  const shown = rows.filter((row) => {
    if (row.step.kind === "play") {
      play = row.step.name;
      return true;
    }
    return !closed.has(row.step.play || play);
  });
  return (
    <div className="gantt" role="group" aria-label={t("timeline.label")}>
      <div className="gr axis" aria-hidden="true">
        <span />
        <span className="ax">
          {ticks.filter((tick) => nowAt === null || Math.abs(tick.left - nowAt) > 6).map((tick) => (
            <span key={tick.seconds} style={{ left: `${tick.left}%` }}>
              {durationText(t.language, Math.max(tick.seconds, 10) === tick.seconds ? tick.seconds : Math.round(tick.seconds))}
            </span>
          ))}
          {nowAt === null ? null : (
            <span className="now-l" style={{ left: `${Math.min(nowAt, 97)}%` }}>
              {t("timeline.now")}
            </span>
          )}
        </span>
        <span />
      </div>
      <div className="grid-l" aria-hidden="true">
        <div>
          {ticks.map((tick) => (
            <i key={tick.seconds} style={{ left: `${tick.left}%` }} />
          ))}
          {nowAt === null ? null : <i className="now" style={{ left: `${nowAt}%` }} />}
        </div>
      </div>
      {shown.map((row, at) => (
        <Row key={row.step.id || `${row.step.play}/${row.step.name}/${at}`} row={row} open={!closed.has(row.step.name)} onToggle={() => toggle(row.step.name)} onPick={onPick} />
      ))}
    </div>
  );
}
