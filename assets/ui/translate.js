// Pure text rules: which plural form, which placeholders. No React, no browser, so `node --test` can run them.

/** The catalogue entry for a key: `key`, or `key.one` / `key.other` when a count `n` is given. */
export function findEntry(catalogue, language, key, params) {
  if (params && typeof params.n === "number") {
    const form = new Intl.PluralRules(language).select(params.n) === "one" ? "one" : "other";
    const plural = catalogue[`${key}.${form}`];
    if (plural !== undefined) return plural;
  }
  return catalogue[key];
}

/** Put `{name}` values in; numbers are written the way the language writes them. */
export function fillIn(entry, language, params) {
  if (!params) return entry;
  return entry.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (value === undefined || value === null) return whole;
    return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : String(value);
  });
}

/** Text of a key; an unknown key shows itself so that it is noticed. */
export function translateWith(catalogue, language, key, params) {
  const entry = findEntry(catalogue, language, key, params);
  return entry === undefined ? key : fillIn(entry, language, params);
}

/** Text of `prefix + value`; an unknown value is shown as it is (a status or code the catalogue does not know yet). */
export function translateValue(catalogue, language, prefix, value, params) {
  const entry = findEntry(catalogue, language, `${prefix}${value}`, params);
  return entry === undefined ? String(value ?? "") : fillIn(entry, language, params);
}
