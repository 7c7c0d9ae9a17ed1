// The bar above the lines: search with its count, levels, hosts, times, wrap, colours, downloads, follow.
import { numberText } from "../format.js";
import { Icon } from "../icons.jsx";
import { Menu } from "../menu.jsx";
import { useText } from "../text.js";
import { UNREACHABLE } from "./search.js";

function SearchBox({ search, onSearch, onStep }) {
  const t = useText();
  const { query, hits, at, more } = search;
  const press = (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      onStep(event.shiftKey ? -1 : 1);
    }
    if (event.key === "Escape" && query) {
      event.preventDefault();
      onSearch("");
    }
  };
  const total = `${numberText(t.language, hits.length)}${more ? "+" : ""}`;
  const count = hits.length ? t("log.hits", { n: at + 1, total }) : more ? "…" : t("log.hits_none");
  return (
    <div className="in" role="search" data-filter="">
      <Icon name="search" />
      <input type="text" value={query} placeholder={t("log.search")} aria-label={t("log.search")} spellCheck={false} autoComplete="off" onChange={(event) => onSearch(event.target.value)} onKeyDown={press} />
      {query ? (
        <>
          <span className="sec sm num nowrap" role="status">
            {count}
          </span>
          <button type="button" className="ib" aria-label={t("log.previous")} title={`${t("log.previous")} (N)`} onClick={() => onStep(-1)}>
            <Icon name="chevron-up" size={14} />
          </button>
          <button type="button" className="ib" aria-label={t("log.next")} title={`${t("log.next")} (n)`} onClick={() => onStep(1)}>
            <Icon name="chevron-down" size={14} />
          </button>
        </>
      ) : (
        <kbd className="no-phone">/</kbd>
      )}
    </div>
  );
}

const OF_JOBS = [
  ["changed", "edit", "warn"],
  ["warning", "warning", "warn"],
  ["error", "failed", "bad"],
  ["unreachable", "offline", "bad"],
];
// Offered only where there are any.
const RARE = new Set([UNREACHABLE, "debug"]);
const OF_PROGRAMS = [
  ["error", "failed", "bad"],
  ["warning", "warning", "warn"],
  ["info", "info", ""],
  ["debug", "terminal", ""],
];

function LevelChips({ levels, counts, onLevels, chips }) {
  const t = useText();
  const toggle = (level) => onLevels(levels.includes(level) ? levels.filter((each) => each !== level) : [...levels, level]);
  return (
    <>
      <button type="button" className="lv" aria-pressed={!levels.length} onClick={() => onLevels([])}>
        {t("log.all")}
      </button>
      {chips.filter(([level]) => !RARE.has(level) || counts[level] || levels.includes(level)).map(([level, icon, tone]) => (
        <button key={level} type="button" className="lv" aria-pressed={levels.includes(level)} onClick={() => toggle(level)}>
          <Icon name={icon} size={14} className={counts[level] ? tone : ""} />
          {t(`log.level.${level}`)}
          <span className="num">{numberText(t.language, counts[level] || 0)}</span>
        </button>
      ))}
    </>
  );
}

function HostSelect({ hosts, host, onHost, isTail }) {
  const t = useText();
  if (hosts.length < 2) return null;
  return (
    <div className="in sel">
      <select aria-label={t(isTail ? "log.sources" : "log.hosts")} value={host} onChange={(event) => onHost(event.target.value)}>
        <option value="">{t(isTail ? "log.source_all" : "log.host_all", { n: hosts.length })}</option>
        {hosts.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
      <Icon name="chevron-down" size={14} />
    </div>
  );
}

function Downloads({ links }) {
  const t = useText();
  if (!links.length) return null;
  return (
    <Menu label={t("log.download")} icon="download">
      {links.map((link) => (
        <a key={link.href} className="menu-i" role="menuitem" href={link.href} download>
          <Icon name="download" />
          {link.label || t(link.key)}
        </a>
      ))}
    </Menu>
  );
}

/** Where there are warnings or errors: to the one before, to the next one. The keys N and n do the same. */
function ProblemSteps({ counts, onStep }) {
  const t = useText();
  if (!counts.warning && !counts.error) return null;
  return (
    <span className="steps-l" role="group" aria-label={t("log.problems")}>
      <button type="button" className="ib" aria-label={t("log.previous_problem")} title={`${t("log.previous_problem")} (N)`} onClick={() => onStep(-1)}>
        <Icon name="chevron-up" />
      </button>
      <button type="button" className="ib" aria-label={t("log.next_problem")} title={`${t("log.next_problem")} (n)`} onClick={() => onStep(1)}>
        <Icon name="chevron-down" />
      </button>
    </span>
  );
}

/** Follows or stands still; a tail is paused, because what is not read any more is gone some day. */
function FollowButton({ follow, isTail, onFollow }) {
  const t = useText();
  if (isTail) {
    return (
      <button type="button" className="lv follow" onClick={onFollow} title="f">
        <Icon name={follow ? "pause" : "play"} size={14} />
        {t(follow ? "log.pause" : "log.resume")}
      </button>
    );
  }
  return (
    <button type="button" className="lv follow" aria-pressed={follow} onClick={onFollow} title="f">
      <Icon name="download" size={14} className={follow ? "ok" : ""} />
      {t(follow ? "log.following" : "log.follow")}
    </button>
  );
}

export function LogToolbar({ search, onSearch, onStep, view, change, counts, hosts, downloads, onFollow, isTail, onSave }) {
  const t = useText();
  return (
    <div className="log-t">
      <div className="log-s">
        <SearchBox search={search} onSearch={onSearch} onStep={onStep} />
        <LevelChips levels={view.levels} counts={counts} onLevels={(levels) => change({ levels })} chips={isTail ? OF_PROGRAMS : OF_JOBS} />
        {search.query ? null : <ProblemSteps counts={counts} onStep={onStep} />}
        <HostSelect hosts={hosts} host={view.host} onHost={(host) => change({ host })} isTail={isTail} />
        <span className="grow" />
        <button type="button" className="ib" aria-pressed={view.relative} aria-label={t("log.relative")} title={t(view.relative ? "log.absolute" : "log.relative")} onClick={() => change({ relative: !view.relative })}>
          <Icon name="clock" />
        </button>
        <button type="button" className="ib" aria-pressed={view.wrap} aria-label={t("log.wrap")} title={t("log.wrap")} onClick={() => change({ wrap: !view.wrap })}>
          <Icon name="wrap" />
        </button>
        <button type="button" className="ib" aria-pressed={view.colours} aria-label={t("log.colours")} title={t(view.colours ? "log.colours_off" : "log.colours_on")} onClick={() => change({ colours: !view.colours })}>
          <Icon name="palette" />
        </button>
        <Downloads links={downloads} />
        {isTail ? (
          <button type="button" className="ib" aria-label={t("log.save")} title={t("log.save")} onClick={onSave}>
            <Icon name="download" />
          </button>
        ) : null}
      </div>
      <FollowButton follow={view.follow} isTail={isTail} onFollow={onFollow} />
    </div>
  );
}
