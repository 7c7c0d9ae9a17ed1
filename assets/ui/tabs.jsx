// Tabs whose choice lives in the URL (?tab=). Changing one is no navigation, so nothing on the page is loaded again.
import { useEffect, useSyncExternalStore } from "react";
import { numberText } from "./format.js";
import { useLanguage } from "./prefs.js";

const listeners = new Set();

function subscribe(listener) {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

/** A parameter of the page's own address, and how to change it in place. */
export function useUrlParam(name) {
  const read = () => new URLSearchParams(location.search).get(name) || "";
  return useSyncExternalStore(subscribe, read, () => "");
}

export function setUrlParam(name, value, hash = "") {
  const url = new URL(location.href);
  if (value) url.searchParams.set(name, value);
  else url.searchParams.delete(name);
  url.hash = hash;
  history.replaceState(history.state, "", url);
  listeners.forEach((listener) => listener());
}

/** The strip. Items: `{id, label, count?}`; the first is shown when the address names none. */
export function Tabs({ items, label, param = "tab", onTab }) {
  const language = useLanguage();
  const list = (items || []).filter((item) => item.shown !== false);
  const wanted = useUrlParam(param);
  const active = list.some((item) => item.id === wanted) ? wanted : list[0]?.id;
  useEffect(() => {
    if (active && onTab) onTab(active);
  }, [active]);
  const pick = (event, id) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    setUrlParam(param, id);
    event.currentTarget.scrollIntoView({ block: "nearest", inline: "center" });
  };
  return (
    <nav className="tabs" aria-label={label}>
      {list.map((item) => (
        <a key={item.id} href={`?${param}=${item.id}`} className={item.id === active ? "on" : ""} aria-current={item.id === active ? "page" : undefined} onClick={(event) => pick(event, item.id)}>
          {item.label}
          {item.count === undefined || item.count === null ? null : <span className="tag">{numberText(language, item.count)}</span>}
        </a>
      ))}
    </nav>
  );
}

/** A way to a tab of the page from elsewhere on it. */
export function TabLink({ tab, param = "tab", children }) {
  const go = (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    setUrlParam(param, tab);
    document.querySelector("main .tabs")?.scrollIntoView({ block: "start" });
  };
  return (
    <a href={`?${param}=${tab}`} className="lk" onClick={go}>
      {children}
    </a>
  );
}

/** What stands elsewhere on the page and belongs to one tab. */
export function InTab({ tab, first, param = "tab", children }) {
  const wanted = useUrlParam(param);
  return (wanted ? wanted === tab : Boolean(first)) ? children : null;
}

/** What one tab shows. `keep` stays mounted while hidden (a log that should not be read again). */
export function TabPanel({ tab, first, keep, param = "tab", label, children }) {
  const wanted = useUrlParam(param);
  const shown = wanted ? wanted === tab : Boolean(first);
  if (!shown && !keep) return null;
  return (
    <section aria-label={label} hidden={!shown}>
      {children}
    </section>
  );
}
