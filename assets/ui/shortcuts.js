// Pure helpers of the shell: is somebody typing, and which palette entries match.

const NO_TEXT = new Set(["checkbox", "radio", "button", "submit"]);

/** Whether keys typed at this element are text. */
export function isTyping(element) {
  const tag = element?.tagName;
  if (tag === "INPUT" && NO_TEXT.has(element.type)) return false;
  return tag === "INPUT" || tag === "TEXTAREA" || tag === "SELECT" || Boolean(element?.isContentEditable);
}

/** Small letters without accents, so that "conexao" finds "Conexão". */
export function plain(text) {
  return String(text ?? "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Entries that contain every word of the query; those whose label begins with it come first. */
export function matchItems(items, query) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (!words.length) return items;
  const scored = items.map((item) => ({ item, text: plain(`${item.label} ${item.detail || ""}`) }));
  const found = scored.filter(({ text }) => words.every((word) => text.includes(word)));
  const first = ({ text }) => (text.startsWith(words[0]) ? 0 : 1);
  return found.sort((a, b) => first(a) - first(b)).map(({ item }) => item);
}
