// Words on the screen: both catalogues are in the bundle, the language store picks one.
import en from "$/../orch_app/i18n/en.json";
import ptBR from "$/../orch_app/i18n/pt-BR.json";
import { useLanguage } from "./prefs.js";
import { translateValue, translateWith } from "./translate.js";

const CATALOGUES = { "pt-BR": ptBR, en };

export { useLanguage };

/** Text of a key in a language, e.g. translate("en", "jobs.count", { n: 3 }). */
export function translate(language, key, params) {
  return translateWith(CATALOGUES[language], language, key, params);
}

/** Text of a value that only the data knows, e.g. translateDynamic("en", "status.", job.status). */
export function translateDynamic(language, prefix, value, params) {
  return translateValue(CATALOGUES[language], language, prefix, value, params);
}

/** `t(key, params)` bound to the reader's language, for the components of this folder. */
export function useText() {
  const language = useLanguage();
  const t = (key, params) => translate(language, key, params);
  t.language = language;
  t.known = (prefix, value) => CATALOGUES[language][`${prefix}${value}`] || "";
  t.value = (prefix, value, params) => translateDynamic(language, prefix, value, params);
  return t;
}
