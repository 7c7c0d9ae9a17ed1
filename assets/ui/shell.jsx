// The parts of the AppShell that live in the browser: shortcuts, palette, language, theme, sidebar, sign out.
import { useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { Dialog, DialogClose } from "./dialog.jsx";
import { Icon } from "./icons.jsx";
import { setLanguage, setTheme, useTheme } from "./prefs.js";
import { isTyping, matchItems } from "./shortcuts.js";
import { useText } from "./text.js";

/** PT / EN. Two languages, so one press changes to the other; `onChoose` hears it for the profile. */
export function LanguageButton({ long = false, onChoose }) {
  const t = useText();
  const other = t.language === "en" ? "pt-BR" : "en";
  const press = () => {
    setLanguage(other);
    onChoose?.(other);
  };
  if (long) {
    return (
      <button type="button" onClick={press} aria-label={t("shell.language_switch")}>
        <Icon name="globe" />
        {t("language.name")}
      </button>
    );
  }
  return (
    <button type="button" className="ib lang no-phone" onClick={press} aria-label={t("shell.language_switch")} title={t("shell.language_switch")}>
      {t.language === "en" ? "EN" : "PT"}
    </button>
  );
}

export function ThemeButton({ long = false, onChoose }) {
  const t = useText();
  const dark = useTheme() === "dark";
  const label = t(dark ? "shell.theme_light" : "shell.theme_dark");
  const press = () => {
    setTheme(dark ? "light" : "dark");
    onChoose?.(dark ? "light" : "dark");
  };
  return (
    <button type="button" className={long ? "" : "ib no-phone"} onClick={press} aria-label={label} title={long ? undefined : label}>
      <Icon name={dark ? "moon" : "sun"} size={long ? 16 : 20} />
      {long ? t("shell.theme") : null}
    </button>
  );
}

/** The two choices as menu entries, where a phone has no room for buttons. */
export function PrefItems({ onLanguage, onTheme }) {
  const t = useText();
  const dark = useTheme() === "dark";
  const language = t.language === "en" ? "pt-BR" : "en";
  const theme = dark ? "light" : "dark";
  const changeLanguage = () => {
    setLanguage(language);
    onLanguage?.(language);
  };
  const changeTheme = () => {
    setTheme(theme);
    onTheme?.(theme);
  };
  return (
    <>
      <button type="button" role="menuitem" className="menu-i" onClick={changeLanguage}>
        <Icon name="globe" />
        {t("shell.language_switch")}
      </button>
      <button type="button" role="menuitem" className="menu-i" onClick={changeTheme}>
        <Icon name={dark ? "sun" : "moon"} />
        {t(dark ? "shell.theme_light" : "shell.theme_dark")}
      </button>
    </>
  );
}

/** Ends the session on the server, then loads /login as a new page: the open socket still carries the old cookie. */
export function SignOutItem() {
  const t = useText();
  const leave = async () => {
    try {
      await fetch("/v1/auth/logout", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    } finally {
      location.assign("/login");
    }
  };
  return (
    <button type="button" role="menuitem" className="menu-i" onClick={leave}>
      <Icon name="logout" />
      {t("shell.sign_out")}
    </button>
  );
}

const RAIL = "orch_side";

export function toggleSide() {
  const root = document.documentElement;
  const rail = root.dataset.side === "rail";
  if (rail) delete root.dataset.side;
  else root.dataset.side = "rail";
  try {
    localStorage.setItem(RAIL, rail ? "" : "rail");
  } catch {
    // Private mode may forbid storage: the choice then lasts for this page only.
  }
}

export function SideToggle() {
  const t = useText();
  useEffect(() => {
    try {
      if (localStorage.getItem(RAIL)) document.documentElement.dataset.side = "rail";
    } catch {
      // see toggleSide
    }
  }, []);
  return (
    <button type="button" className="ib" aria-label={t("shell.sidebar")} title={`${t("shell.sidebar")} ( [ )`} onClick={toggleSide}>
      <Icon name="sidebar" />
    </button>
  );
}

function PaletteList({ items, onQuery, onDone }) {
  const t = useText();
  const navigate = useNavigate();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef(null);
  const found = useMemo(() => matchItems(items, query).slice(0, 40), [items, query]);
  const go = (item) => {
    onDone();
    navigate(item.href);
  };
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      const next = (at + step + found.length) % found.length;
      setAt(next);
      list.current.children[next].scrollIntoView({ block: "nearest" });
    }
    if (event.key === "Enter" && found[at]) go(found[at]);
  };
  const onChange = (event) => {
    setQuery(event.target.value);
    setAt(0);
    if (onQuery) onQuery(event.target.value);
  };
  return (
    <>
      <div className="in">
        <Icon name="search" size={20} />
        <input autoFocus value={query} onChange={onChange} onKeyDown={onKeyDown} placeholder={t("shell.search")} aria-label={t("shell.search")} role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={found[at] ? `palette-${at}` : undefined} />
        <DialogClose />
      </div>
      {found.length ? (
        <ul id="palette-list" ref={list} role="listbox" aria-label={t("shell.results")}>
          {found.map((item, place) => (
            <li key={item.href + item.label} id={`palette-${place}`} role="option" aria-selected={place === at} onMouseMove={() => setAt(place)} onClick={() => go(item)}>
              <Icon name={item.icon || "arrow-right"} />
              <span className="grow trunc">{item.label}</span>
              <span className="sec sm trunc">{item.detail}</span>
            </li>
          ))}
        </ul>
      ) : (
        <p role="status">{t("shell.no_results", { query })}</p>
      )}
    </>
  );
}

const HELP = [
  ["Ctrl K", "keys.search"],
  ["g d", "nav.dashboard"],
  ["g r", "nav.runbooks"],
  ["g j", "nav.jobs"],
  ["g a", "nav.approvals"],
  ["g c", "nav.containers"],
  ["g l", "nav.logs"],
  ["g h", "nav.hosts"],
  ["g n", "nav.connections"],
  ["g s", "nav.settings"],
  ["/", "keys.filter"],
  ["j k", "keys.rows"],
  ["Enter", "keys.open"],
  ["x", "keys.select"],
  ["[", "keys.sidebar"],
  ["Ctrl Enter", "keys.submit"],
  ["f", "keys.follow"],
  ["n N", "keys.next_hit"],
  ["Esc", "keys.close"],
  ["?", "keys.help"],
];
const GO = { d: "/dashboard", r: "/runbooks", j: "/jobs", a: "/approvals", c: "/containers", l: "/logs", h: "/hosts", n: "/connections", s: "/settings" };

function HelpList() {
  const t = useText();
  return (
    <>
      <header>
        <h2 className="grow">{t("keys.title")}</h2>
        <DialogClose />
      </header>
      <div className="scroll">
        <div className="keys">
          {HELP.map(([keys, text]) => [
            <span key={text}>{t(text)}</span>,
            <span key={keys}>
              {keys.split(" ").map((each) => (
                <kbd key={each}>{each}</kbd>
              ))}
            </span>,
          ])}
        </div>
      </div>
    </>
  );
}

function moveRow(step) {
  const rows = [...document.querySelectorAll("main .rows .go")];
  if (!rows.length) return;
  const here = document.activeElement.closest("tr");
  const at = here ? rows.findIndex((row) => here.contains(row)) : -1;
  rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + step))].focus();
}

/** Chooses the row that has the focus, or takes it away. */
function pickRow() {
  document.activeElement.closest("main .rows tr")?.querySelector("input[data-pick]")?.click();
}

/** Ctrl/Cmd+K, ?, /, [, g-sequences, j/k and x. No single key changes anything, and none works while typing. */
function useShortcuts(setOpen) {
  const navigate = useNavigate();
  useEffect(() => {
    let armed = 0;
    const onKey = (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOpen("search");
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      if (armed && event.timeStamp - armed < 1200 && GO[event.key]) {
        armed = 0;
        navigate(GO[event.key]);
        return;
      }
      armed = event.key === "g" ? event.timeStamp : 0;
      if (event.key === "?") setOpen("help");
      if (event.key === "[") toggleSide();
      if (event.key === "j" || event.key === "k") moveRow(event.key === "j" ? 1 : -1);
      if (event.key === "x") pickRow();
      const filter = event.key === "/" && document.querySelector("[data-filter] input, input[data-filter]");
      if (filter) {
        event.preventDefault();
        filter.focus();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

/** Search and help of the topbar, with their dialogs and the shortcuts of every page. */
export function ShellTools({ pages, items, onQuery }) {
  const t = useText();
  const [open, setOpen] = useState("");
  useShortcuts(setOpen);
  const places = (pages || []).map((page) => ({ ...page, label: t(page.key), detail: t("shell.page") }));
  const found = (items || []).map((item) => ({ ...item, label: (t.language === "pt-BR" && item.labelPt) || item.label }));
  const done = () => setOpen("");
  return (
    <>
      <button type="button" className="find no-phone" onClick={() => setOpen("search")} aria-label={t("shell.search")}>
        <Icon name="search" />
        <span className="grow trunc">{t("shell.search")}</span>
        <kbd className="hint-k">Ctrl K</kbd>
      </button>
      <div className="top-r">
        <button type="button" className="ib only-phone" onClick={() => setOpen("search")} aria-label={t("shell.search")}>
          <Icon name="search" size={20} />
        </button>
        <button type="button" className="ib no-phone" onClick={() => setOpen("help")} aria-label={t("keys.title")} title={t("keys.title")}>
          <Icon name="help" size={20} />
        </button>
      </div>
      <Dialog open={open === "search"} onClose={done} kind="pal" label={t("shell.search")}>
        <PaletteList items={[...places, ...found]} onQuery={onQuery} onDone={done} />
      </Dialog>
      <Dialog open={open === "help"} onClose={done} label={t("keys.title")}>
        <HelpList />
      </Dialog>
    </>
  );
}

/** The "More" entry of the bottom bar: a sheet with every page the bar has no room for. */
export function MoreSheet({ active, count = 0, children }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className={active ? "on" : ""} aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <Icon name="menu" size={20} />
        <span>
          {t("nav.more")} {count > 0 ? <b className="tag">{count}</b> : null}
        </span>
      </button>
      <Dialog open={open} onClose={() => setOpen(false)} kind="sheet" label={t("nav.more")}>
        <header>
          <h2 className="grow">{t("nav.more")}</h2>
          <DialogClose />
        </header>
        <div className="scroll" onClick={(event) => event.target.closest("a") && setOpen(false)}>
          {children}
        </div>
      </Dialog>
    </>
  );
}
