// The calendar side of the dashboard: today's date in words, and one bar per day.
import { numberText } from "./format.js";
import { useText } from "./text.js";
import { useNow } from "./values.jsx";

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "Sábado, 21 de novembro". */
export function Today() {
  const t = useText();
  const now = useNow(60000);
  if (!now) return <span>&nbsp;</span>;
  return <span>{capital(new Intl.DateTimeFormat(t.language, { weekday: "long", day: "numeric", month: "long" }).format(now))}</span>;
}

function dayText(language, day) {
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`)).replace(/\.$/, "").replace(" de ", " ");
}

/** The more days, the closer the bars. */
function crowd(count) {
  return count > 60 ? "crowd" : count > 14 ? "many" : "";
}

/** Bars of `{day: "2026-11-21", total, failed}`, oldest first; the last one is today and takes text ink. */
export function DayBars({ days }) {
  const t = useText();
  const list = days || [];
  const most = Math.max(1, ...list.map((day) => day.total));
  const height = (count) => (count ? `max(3px, ${(100 * count) / most}%)` : 0);
  const total = list.reduce((sum, day) => sum + day.total, 0);
  const failed = list.reduce((sum, day) => sum + day.failed, 0);
  const said = (day) => t("dashboard.day", { day: dayText(t.language, day.day), total: day.total, failed: day.failed });
  return (
    <>
      <div className={`days mt16 ${crowd(list.length)}`} role="img" aria-label={t("dashboard.days_label", { days: list.length, total, failed })}>
        {list.map((day, at) => (
          <div key={day.day} title={said(day)}>
            {day.failed ? <i className="bg-bad" style={{ height: height(day.failed) }} /> : null}
            <i className={at === list.length - 1 ? "bg-t" : "bg-n"} style={{ height: height(day.total - day.failed) }} />
            {day.total ? null : <i className="none" />}
          </div>
        ))}
      </div>
      <div className="row sp sec sm mt8" aria-hidden="true">
        <span>{list.length ? dayText(t.language, list[0].day) : ""}</span>
        <span>{list.length ? dayText(t.language, list[Math.floor((list.length - 1) / 2)].day) : ""}</span>
        <span>{t("dashboard.today")}</span>
      </div>
      <ul className="sr">
        {list.map((day) => (
          <li key={day.day}>{said(day)}</li>
        ))}
      </ul>
    </>
  );
}

/** "96,5%". */
export function Percent({ value }) {
  const t = useText();
  return <>{numberText(t.language, value, 1)}%</>;
}
