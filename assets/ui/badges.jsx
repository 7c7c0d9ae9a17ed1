// State as icon and word, always both. Which tone a state has is decided in states.js.
import { Icon } from "./icons.jsx";
import { badgeOf } from "./states.js";
import { useText } from "./text.js";

/** Status of a job, a step, a host result, a host, a connection or a worker. */
export function StatusBadge({ status, phase = "", plain = false }) {
  const t = useText();
  if (!status) return null;
  const { tone, icon, spin, prefix, word } = badgeOf(status, phase);
  return (
    <span className={`st ${tone} ${plain ? "plain" : ""}`.replace(/\s+/g, " ").trim()}>
      <Icon name={icon} size={14} className={spin ? "spin" : ""} />
      {t.value(prefix, word)}
    </span>
  );
}

const RISKS = { low: ["", "shield"], medium: ["warn", "warning"], high: ["bad", "warning"] };

export function RiskBadge({ risk, plain = false }) {
  const t = useText();
  if (!risk) return null;
  const [tone, icon] = RISKS[risk] || RISKS.medium;
  return (
    <span className={`st ${tone} ${plain ? "plain" : ""}`.replace(/\s+/g, " ").trim()}>
      <Icon name={icon} size={14} />
      {t.value("risk.", risk)}
    </span>
  );
}

export function EnvBadge({ environment }) {
  const t = useText();
  return environment ? <span className={`env ${environment}`}>{t.value("environment.", environment)}</span> : null;
}

const PARTS = [
  ["ok", "bg-ok", "ok"],
  ["changed", "bg-warn", "warn"],
  ["failed", "bg-bad", "bad"],
  ["unreachable", "bg-bad", "bad"],
  ["skipped", "bg-n", "sec"],
];

/** "4 ok · 2 alterados" with the bar below, from counts {ok, changed, failed, unreachable, skipped}. */
export function HostsBar({ counts, words = true }) {
  const t = useText();
  const present = PARTS.filter(([name]) => (counts?.[name] || 0) > 0);
  const total = present.reduce((sum, [name]) => sum + counts[name], 0) || 1;
  return (
    <>
      {words ? (
        <div className="b6 num trunc">
          {present.length ? null : <span className="sec">—</span>}
          {present.map(([name, , tone], at) => (
            <span key={name}>
              {at ? <span className="sec"> · </span> : null}
              <span className={tone}>{t(`count.${name}`, { n: counts[name] })}</span>
            </span>
          ))}
        </div>
      ) : null}
      <div className="bar" aria-hidden="true">
        {present.map(([name, fill]) => (
          <i key={name} className={fill} style={{ width: `${(100 * counts[name]) / total}%` }} />
        ))}
      </div>
    </>
  );
}

/** One bar: `value` of `total`, in a tone (text, ok, warn, bad). */
export function Progress({ value, total, tone = "t", label }) {
  const share = total ? Math.min(100, (100 * value) / total) : 0;
  return (
    <div className="bar" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={total || 0} aria-valuenow={value || 0}>
      <i className={`bg-${tone}`} style={{ width: `${share}%` }} />
    </div>
  );
}

/** The last runs of something, oldest first: a list of statuses. */
export function History({ statuses, label }) {
  const t = useText();
  const list = statuses || [];
  const failed = list.filter((status) => status === "ERROR").length;
  return (
    <span className="hist" role="img" aria-label={label || t("history.label", { n: list.length, failed })}>
      {list.map((status, at) => (
        <i key={at} className={status === "ERROR" ? "bad" : status === "RUNNING" || status === "PENDING" ? "run" : ""} />
      ))}
    </span>
  );
}
