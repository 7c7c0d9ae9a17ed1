// Language and theme of this browser: two cookies, two attributes on <html>, two tiny stores. No server round trip.
import { useEffect, useSyncExternalStore } from "react";

const YEAR_S = 365 * 24 * 3600;
export const LANGUAGES = ["pt-BR", "en"];
export const THEMES = ["dark", "light"];

function writeCookie(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
}

function makeStore({ cookie, read, write, onServer }) {
  const listeners = new Set();
  const subscribe = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const set = (value) => {
    if (value === read()) return;
    write(value);
    writeCookie(cookie, value);
    listeners.forEach((listener) => listener());
  };
  // For the next page only: this one is about to be left, and should not flicker.
  const keep = (value) => writeCookie(cookie, value);
  const use = () => useSyncExternalStore(subscribe, read, () => onServer);
  return { set, keep, use, read };
}

const language = makeStore({
  cookie: "orch_lang",
  onServer: "pt-BR",
  read: () => (document.documentElement.lang === "en" ? "en" : "pt-BR"),
  write: (value) => document.documentElement.setAttribute("lang", value),
});

const theme = makeStore({
  cookie: "orch_theme",
  onServer: "dark",
  read: () => (document.documentElement.dataset.theme === "light" ? "light" : "dark"),
  write: (value) => document.documentElement.setAttribute("data-theme", value),
});

/** The reader's language. The first caller that has painted it reveals the page (see boot.js). */
export function useLanguage() {
  const value = language.use();
  useEffect(() => {
    requestAnimationFrame(() => document.documentElement.removeAttribute("data-pending"));
  }, []);
  return value;
}

// What was pressed on this page, as against what an older visit or another person left in this browser.
const pressed = new Set();

export const setLanguage = (value) => {
  pressed.add("language");
  language.set(value);
};
export const currentLanguage = () => (typeof document === "undefined" ? "pt-BR" : language.read());
export const useTheme = theme.use;
export const setTheme = (value) => {
  pressed.add("theme");
  theme.set(value);
};

/** What somebody who has just signed in wants to read in; what was pressed on this very page is newer. */
export function adoptProfile(user) {
  if (LANGUAGES.includes(user?.language) && !pressed.has("language")) language.keep(user.language);
  if (THEMES.includes(user?.theme) && !pressed.has("theme")) theme.keep(user.theme);
}
