// Pure: what keys do to text that is code.

const STEP = "  ";

/** The text after Tab (or Shift+Tab, `back`): the chosen lines are moved, without a choice blanks are put in. */
export function indented(text, from, to, back) {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const isBlock = text.slice(from, to).includes("\n");
  if (!isBlock && !back) return { text: text.slice(0, from) + STEP + text.slice(to), from: from + STEP.length, to: from + STEP.length };
  const lines = text.slice(start, to).split("\n");
  const moved = lines.map((line) => (back ? line.replace(/^( {1,2}|\t)/, "") : line && STEP + line));
  const first = moved[0].length - lines[0].length;
  const block = moved.join("\n");
  return { text: text.slice(0, start) + block + text.slice(to), from: Math.max(start, from + first), to: start + block.length };
}

/** The text after Enter: the new line begins as deep as the one before. */
export function continued(text, from, to) {
  const start = text.lastIndexOf("\n", from - 1) + 1;
  const depth = text.slice(start, from).match(/^[ \t]*/)[0];
  const at = from + 1 + depth.length;
  return { text: `${text.slice(0, from)}\n${depth}${text.slice(to)}`, from: at, to: at };
}

/** The numbers of the lines, one below the other. */
export function lineNumbers(text) {
  let count = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return Array.from({ length: count }, (_, at) => at + 1).join("\n");
}

const MOST_BYTES = 1024 * 1024;

/** A file's text, or why it cannot be taken: `{text}` or `{fault, limit?}`. */
export async function readText(file, limit = MOST_BYTES) {
  if (file.size > limit) return { fault: "too_large", limit };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    return text.includes("\0") ? { fault: "not_text" } : { text };
  } catch {
    return { fault: "not_text" };
  }
}
