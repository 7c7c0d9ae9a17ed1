// Pure: the Markdown that READMEs of runbooks use, as plain blocks. What is not known stays text; HTML is only text.

const FENCE = /^\s*```/;
const HEADING = /^(#{1,6})\s+(.*)$/;
const ITEM = /^\s*(?:[-*]|\d+\.)\s+(.*)$/;
const ROW = /^\s*\|(.*)\|\s*$/;
const RULE = /^\s*\|?[\s:|-]+\|?\s*$/;
const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** Text as pieces: `{ text, kind }` with kind "", "code" or "strong"; a link is its words. */
export function pieces(text) {
  const found = [];
  let at = 0;
  for (const hit of text.matchAll(INLINE)) {
    if (hit.index > at) found.push({ kind: "", text: text.slice(at, hit.index) });
    const [whole, code, strong, link] = hit;
    found.push({ kind: code ? "code" : strong ? "strong" : "", text: code || strong || link });
    at = hit.index + whole.length;
  }
  if (at < text.length) found.push({ kind: "", text: text.slice(at) });
  return found;
}

const cells = (line) => line.match(ROW)[1].split("|").map((cell) => cell.trim());
const isOther = (line) => !line.trim() || FENCE.test(line) || HEADING.test(line) || ITEM.test(line) || ROW.test(line);

function takeWhile(lines, from, is) {
  let end = from;
  while (end < lines.length && is(lines[end])) end += 1;
  return lines.slice(from, end);
}

function code(lines, from) {
  const body = takeWhile(lines, from + 1, (line) => !FENCE.test(line));
  return [{ kind: "code", text: body.join("\n") }, body.length + 2];
}

function table(lines, from) {
  const rows = takeWhile(lines, from, (line) => ROW.test(line));
  const hasHead = rows.length > 1 && RULE.test(rows[1]);
  return [{ kind: "table", head: hasHead ? cells(rows[0]) : [], rows: rows.slice(hasHead ? 2 : 0).map(cells) }, rows.length];
}

function list(lines, from) {
  const items = [];
  const taken = takeWhile(lines, from, (line) => ITEM.test(line) || (line.trim() && !isOther(line)));
  for (const line of taken) {
    const item = line.match(ITEM);
    if (item) items.push(item[1].trim());
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  return [{ kind: "list", isOrdered: /^\s*\d/.test(lines[from]), items }, taken.length];
}

function paragraph(lines, from) {
  const taken = [lines[from], ...takeWhile(lines, from + 1, (line) => !isOther(line))];
  return [{ kind: "text", text: taken.map((line) => line.trim()).join(" ") }, taken.length];
}

/** Blocks in order: `heading`, `text`, `list`, `table`, `code`. */
export function blocks(markdown) {
  const lines = String(markdown || "").split("\n");
  const found = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at];
    const heading = line.match(HEADING);
    let block = null;
    let used = 1;
    if (heading) block = { kind: "heading", text: heading[2] };
    else if (FENCE.test(line)) [block, used] = code(lines, at);
    else if (ROW.test(line)) [block, used] = table(lines, at);
    else if (ITEM.test(line)) [block, used] = list(lines, at);
    else if (line.trim()) [block, used] = paragraph(lines, at);
    if (block) found.push(block);
    at += used;
  }
  return found;
}
