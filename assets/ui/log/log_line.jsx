// One line of the log: number (a permalink), time, sign, host, message.
import { memo } from "react";
import { offsetText, stampText } from "../format.js";
import { Icon } from "../icons.jsx";
import { paint } from "./ansi.js";
import { cutByQuery } from "./search.js";

const LOOK = { warning: ["w", "!"], error: ["e", "×"], changed: ["c", "~"], ok: ["o", "+"], skipped: ["dim", "-"], debug: ["dim", ""], info: ["", ""], task: ["head", ""] };

/** A line that opens a task or play: bold, with air above. */
export function isHeading(line) {
  return line.level === "task" || /^(PLAY|TASK|RUNNING HANDLER|PLAY RECAP)\b/.test(line.message);
}

function lookOf(line, first) {
  const [tone, sign] = LOOK[line.level] || LOOK.info;
  return isHeading(line) ? { tone: first ? "head" : "head gap", sign: "" } : { tone, sign };
}

function Message({ text, style, query, here }) {
  if (!query && !style) return text;
  return paint(cutByQuery(text, query), style).map(({ text: part, hit, look }, at) => {
    if (hit) {
      return (
        <mark key={at} className={here ? "here" : ""}>
          {part}
        </mark>
      );
    }
    return look ? (
      <span key={at} className={look}>
        {part}
      </span>
    ) : (
      part
    );
  });
}

/** `start` is the moment of the first line when times are relative, else 0; `plain` leaves a program's colours away. */
export const LogLine = memo(function LogLine({ line, row, top, first, query, here, selected, start, plain, onPick, onCopy, copyLabel, lineLabel }) {
  const { tone, sign } = lookOf(line, first);
  const moment = Date.parse(line.ts);
  const chip = line.hue ? `hostc hue-${line.hue}` : "hostc";
  return (
    <div className={`ln ${tone} ${selected ? "sel-l" : ""}`} data-row={row} style={top === undefined ? undefined : { top }}>
      <a className="n" href={`#L${line.seq}`} aria-label={lineLabel} tabIndex={-1} onClick={(event) => onPick?.(event, line.seq)}>
        {line.seq}
      </a>
      <time className="t" dateTime={line.ts}>
        {start ? offsetText(moment, start) : stampText(moment)}
      </time>
      <span className="v" aria-hidden="true">
        {sign}
      </span>
      <span className="h">{line.host ? <b className={chip} title={line.host}>{line.host}</b> : null}</span>
      <span className="m">
        {line.host ? <b className={chip}>{line.host}</b> : null}
        <Message text={line.message} style={plain ? "" : line.style} query={query} here={here} />
      </span>
      {onCopy ? (
        <button type="button" className="cp" tabIndex={-1} aria-label={copyLabel} title={copyLabel} onClick={() => onCopy(line)}>
          <Icon name="copy" size={12} />
        </button>
      ) : null}
    </div>
  );
});

const WIDTHS = ["34%", "58%", "46%", "72%", "28%"];

/** A line that is still on its way. */
export function WaitingLine({ seq, row, top }) {
  return (
    <div className="ln" data-row={row} data-waiting="" style={{ top }} aria-hidden="true">
      <span className="n">{seq || ""}</span>
      <span className="t" />
      <span className="v" />
      <span className="h" />
      <span className="m">
        <span className="skel" style={{ "--w": WIDTHS[row % WIDTHS.length] }} />
      </span>
    </div>
  );
}

/** Where the lines that were found end before the log does: what has been looked at, and the way on when it failed. */
export function HoleLine({ row, top, text, failed, retryText, onRetry }) {
  return (
    <div className="ln hole" data-row={row} data-waiting="" style={{ top }}>
      <span className="n" />
      <span className="t" />
      <span className="v">
        <Icon name={failed ? "warning" : "running"} size={12} className={failed ? "" : "spin"} />
      </span>
      <span className="h" />
      <span className="m">
        {text}{" "}
        {failed ? (
          <button type="button" className="lk" onClick={onRetry}>
            {retryText}
          </button>
        ) : null}
      </span>
    </div>
  );
}

/** A short fixed excerpt: the failure box shows it. */
export function LogExcerpt({ lines }) {
  return (
    <section className="log" data-theme="dark">
      <div className="lines flow wrapped">
        {(lines || []).map((line, at) => (
          <LogLine key={line.seq} line={line} row={at} first={at === 0} />
        ))}
      </div>
    </section>
  );
}
