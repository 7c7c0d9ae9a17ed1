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
  const use = () => useSyncExternalStore(subscribe, read, () => onServer);
  return { set, use, read };
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

export const setLanguage = language.set;
export const currentLanguage = () => (typeof document === "undefined" ? "pt-BR" : language.read());
export const useTheme = theme.use;
export const setTheme = theme.set;
