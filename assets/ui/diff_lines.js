// Pure: the lines of a unified diff with what each of them is. The two lines that name the files say nothing more.

const KINDS = { "+": "new", "-": "old", "@": "hunk" };

/** `[{kind, text}]`, kind `new`, `old`, `hunk` or "" for a line that both texts have. */
export function diffLines(text) {
  const lines = String(text || "").split("\n");
  const start = lines[0]?.startsWith("--- ") && lines[1]?.startsWith("+++ ") ? 2 : 0;
  return lines.slice(start).map((line) => ({ kind: KINDS[line[0]] || "", text: line }));
}

/** How many lines came and went. */
export function counted(lines) {
  const of = (kind) => lines.filter((line) => line.kind === kind).length;
  return { added: of("new"), removed: of("old") };
}
