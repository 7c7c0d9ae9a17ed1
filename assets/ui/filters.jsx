// Filters, sort and page of a list live in the address: changing one navigates, and the page's on_load reads it.
import { useSearchParams } from "react-router";
import { useEffect, useState } from "react";
import { Segmented, SelectField, TextField } from "./fields.jsx";
import { numberText } from "./format.js";
import { Icon } from "./icons.jsx";
import { useText } from "./text.js";

const PLACE = ["page", "cursor"];

/** Address parameters after hydration (the exported page knows none), and a setter that starts at the first page again. */
export function useFilters() {
  const [params, setParams] = useSearchParams();
  const [ready, setReady] = useState(false);
  useEffect(() => setReady(true), []);
  const get = (name) => (ready ? params.get(name) || "" : "");
  const set = (changes, keepPlace = false) => {
    const next = new URLSearchParams(location.search); // the router has not heard of a tab that was chosen in place
    if (!keepPlace) PLACE.forEach((name) => next.delete(name));
    for (const [name, value] of Object.entries(changes)) {
      if (value === "" || value === null || value === undefined) next.delete(name);
      else next.set(name, value);
    }
    setParams(next, { replace: true, preventScrollReset: true });
  };
  return { get, set };
}

export function UrlText({ param = "q", label }) {
  const { get, set } = useFilters();
  return <TextField label={label} labelHidden placeholder={label} icon="search" filter className="q" value={get(param)} onChange={(text) => set({ [param]: text })} onEnter={(text) => set({ [param]: text })} />;
}

export function UrlSelect({ param, label, options, all }) {
  const { get, set } = useFilters();
  return <SelectField label={label} labelHidden placeholder={all || label} options={options} value={get(param)} onChange={(value) => set({ [param]: value })} />;
}

/** Category tabs of a list: options `{value, label, count?}`; the empty value is "all". */
export function UrlTabs({ param, label, options }) {
  const { get, set } = useFilters();
  const t = useText();
  const value = get(param);
  return (
    <nav className="tabs" aria-label={label}>
      {(options || []).map((option) => (
        <button key={option.value} type="button" className={option.value === value ? "on" : ""} aria-current={option.value === value ? "true" : undefined} onClick={() => set({ [param]: option.value })}>
          {option.label}
          {option.count === undefined || option.count === null ? null : <span className="tag">{numberText(t.language, option.count)}</span>}
        </button>
      ))}
    </nav>
  );
}

/** A few choices side by side; the usual one is not in the address. */
export function UrlSegmented({ param, label, options, usual }) {
  const { get, set } = useFilters();
  return <Segmented label={label} labelHidden options={options} value={get(param) || usual} onChange={(value) => set({ [param]: value === usual ? "" : value })} />;
}

/** Shown while one of the named filters is set: takes them all away. */
export function ResetFilters({ params }) {
  const { get, set } = useFilters();
  const t = useText();
  const used = (params || []).filter((name) => get(name));
  if (!used.length) return null;
  return (
    <button type="button" className="btn g" onClick={() => set(Object.fromEntries(used.map((name) => [name, ""])))}>
      <Icon name="close" size={14} />
      {t("filters.reset")}
    </button>
  );
}

/** A heading that sorts: `?sort=name` or `?sort=-name`. */
export function SortHead({ field, text, param = "sort" }) {
  const { get, set } = useFilters();
  const sort = get(param);
  const down = sort === `-${field}`;
  const on = down || sort === field;
  return (
    <button type="button" aria-pressed={on} onClick={() => set({ [param]: on && !down ? `-${field}` : field })}>
      {text}
      {on ? <Icon name={down ? "chevron-down" : "chevron-up"} size={12} /> : null}
    </button>
  );
}

/** "1–50 of 312" with back and forward, by `?page=`. */
export function Pager({ page, pageSize, total, param = "page" }) {
  const { set } = useFilters();
  const t = useText();
  const last = Math.max(1, Math.ceil((total || 0) / (pageSize || 1)));
  if (!total || (last === 1 && page <= 1)) return null;
  const from = (page - 1) * pageSize + 1;
  const go = (to) => set({ [param]: to > 1 ? String(to) : "" }, true);
  return (
    <nav className="pages" aria-label={t("pages.label")}>
      <span className="num grow">{t("pages.range", { from, to: Math.min(page * pageSize, total), total })}</span>
      <button type="button" className="btn s" disabled={page <= 1} onClick={() => go(page - 1)}>
        <Icon name="chevron-left" size={14} />
        {t("pages.previous")}
      </button>
      <button type="button" className="btn s" disabled={page >= last} onClick={() => go(page + 1)}>
        {t("pages.next")}
        <Icon name="chevron-right" size={14} />
      </button>
    </nav>
  );
}
