// Pure: a BIND zone file (RFC 1035) as records `{name, type, ttl, content, priority, data, proxied}` of a DNS table.

const UNITS = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
const CLASSES = new Set(["IN", "CH", "HS"]);
const NAMES_A_HOST = new Set(["CNAME", "NS", "PTR"]);
const KNOWN_BY_PROVIDER = new Set(["SOA"]); // kept by whoever serves the zone
// Record type -> the parts of its data in the order in which a zone file has them; a number, a host or text.
const DATA = {
  SRV: [["priority", "number"], ["weight", "number"], ["port", "number"], ["target", "host"]],
  CAA: [["flags", "number"], ["tag"], ["value"]],
  TLSA: [["usage", "number"], ["selector", "number"], ["matching_type", "number"], ["certificate", "rest"]],
  SMIMEA: [["usage", "number"], ["selector", "number"], ["matching_type", "number"], ["certificate", "rest"]],
  SSHFP: [["algorithm", "number"], ["type", "number"], ["fingerprint", "rest"]],
  DS: [["key_tag", "number"], ["algorithm", "number"], ["digest_type", "number"], ["digest", "rest"]],
  DNSKEY: [["flags", "number"], ["protocol", "number"], ["algorithm", "number"], ["public_key", "rest"]],
  NAPTR: [["order", "number"], ["preference", "number"], ["flags"], ["service"], ["regex"], ["replacement", "host"]],
  CERT: [["type", "number"], ["key_tag", "number"], ["algorithm", "number"], ["certificate", "rest"]],
  HTTPS: [["priority", "number"], ["target", "host"], ["value", "words"]],
  SVCB: [["priority", "number"], ["target", "host"], ["value", "words"]],
};
const PLAIN = new Set(["A", "AAAA", "MX", "TXT", "URI", ...NAMES_A_HOST]);

/** Whether a text reads as a zone file rather than as cells: it has a directive, or most of its lines name a type. */
export function isZone(text) {
  if (/^\s*\$(ORIGIN|TTL)\b/im.test(text)) return true;
  const lines = text.split(/\r?\n/).filter((line) => line.trim() && !line.trim().startsWith(";"));
  const typed = lines.filter((line) => /^\S*\s+(\d+\w*\s+)?(IN\s+(\d+\w*\s+)?)?[A-Z]{1,8}\s+\S/.test(line) && line.split(/\s+/).some((word) => PLAIN.has(word) || word in DATA || KNOWN_BY_PROVIDER.has(word)));
  return lines.length > 0 && typed.length > lines.length / 2 && lines.some((line) => /\sIN\s/.test(line));
}

/** The records of a zone file but for its own SOA and NS, and the lines that could not be read. */
export function readZone(text) {
  const state = { origin: "", ttl: undefined, owner: "@", zone: undefined };
  const found = { items: [], faults: [] };
  for (const entry of entries(text)) {
    const outcome = entry.words.length ? readEntry(entry, state) : {};
    if (outcome.fault) found.faults.push({ line: entry.line, code: outcome.fault });
    if (outcome.record) found.items.push(outcome.record);
  }
  found.items = found.items.filter((record) => record.type !== "NS" || record.name !== state.zone);
  return found;
}

/** Logical lines: parentheses join lines, quotes hold anything, a semicolon begins a comment. */
export function entries(text) {
  const found = [];
  let depth = 0;
  let entry = null;
  text.split(/\r?\n/).forEach((line, at) => {
    const { words, comment, depth: after } = wordsOf(line, depth);
    if (depth === 0) entry = { line: at + 1, words: [], comment: "", sameOwner: /^\s/.test(line) };
    entry.words.push(...words);
    entry.comment += comment;
    depth = after;
    if (depth === 0) found.push(entry);
  });
  if (depth > 0 && entry) found.push(entry);
  return found;
}

function wordsOf(line, depth) {
  const words = [];
  const pattern = /"((?:[^"\\]|\\.)*)"|;(.*)$|([()])|((?:[^\s"();\\]|\\.)+)/g;
  let comment = "";
  for (const [, quoted, said, bracket, word] of line.matchAll(pattern)) {
    if (quoted !== undefined) words.push({ text: unescaped(quoted), quoted: true });
    else if (said !== undefined) comment = said;
    else if (bracket) depth = Math.max(0, depth + (bracket === "(" ? 1 : -1));
    else words.push({ text: word, quoted: false });
  }
  return { words, comment, depth };
}

function unescaped(text) {
  return text.replace(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number(code))).replace(/\\(.)/g, "$1");
}

function readEntry({ words, comment, sameOwner }, state) {
  const first = words[0].text.toUpperCase();
  if (first === "$ORIGIN") return void (state.origin = (words[1]?.text || "").replace(/\.$/, "")) || {};
  if (first === "$TTL") return void (state.ttl = seconds(words[1]?.text)) || {};
  if (first.startsWith("$")) return { fault: "directive" };
  const rest = [...words];
  if (!sameOwner) state.owner = rest.shift().text;
  const { ttl, type } = leading(rest);
  if (KNOWN_BY_PROVIDER.has(type)) return void (state.zone = absolute(state.owner, state.origin)) || {};
  if (!type || !(PLAIN.has(type) || type in DATA)) return { fault: "type" };
  const body = bodyOf(type, rest, state.origin);
  if (!body) return { fault: "content" };
  const record = { type, name: absolute(state.owner, state.origin), ...body };
  const lasting = ttl ?? state.ttl;
  if (lasting !== undefined) record.ttl = lasting;
  if (/cf-proxied:true/.test(comment)) record.proxied = true;
  return { record };
}

/** Takes time to live, class and type from the front, in whichever order they come. */
function leading(words) {
  let ttl;
  while (words.length) {
    const text = words[0].text.toUpperCase();
    if (CLASSES.has(text)) words.shift();
    else if (ttl === undefined && seconds(text) !== undefined) ttl = seconds(words.shift().text);
    else return { ttl, type: words.shift().text.toUpperCase() };
  }
  return { ttl, type: "" };
}

/** Seconds of `300`, `1h` or `1d12h`; undefined when it is no time. */
export function seconds(text) {
  if (!/^(\d+[smhdw]?)+$/i.test(text || "")) return undefined;
  return [...text.matchAll(/(\d+)([smhdw]?)/gi)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit.toLowerCase()] || 1), 0);
}

/** A name without its closing dot; one without a dot at its end is below the origin, where that is known. */
function absolute(name, origin) {
  if (name === "@") return origin || "@";
  if (name.endsWith(".") && name.length > 1) return name.slice(0, -1);
  return origin ? `${name}.${origin}` : name;
}

function bodyOf(type, words, origin) {
  if (!words.length) return null;
  if (type in DATA) return dataOf(DATA[type], words, origin);
  const [first, second, third] = words.map((word) => word.text);
  if (type === "MX") return second && /^\d+$/.test(first) ? { priority: Number(first), content: absolute(second, origin) } : null;
  if (type === "URI") return third && /^\d+$/.test(first) && /^\d+$/.test(second) ? { priority: Number(first), data: { weight: Number(second), target: third } } : null;
  if (type === "TXT") return { content: words.map((word) => word.text).join("") };
  return { content: NAMES_A_HOST.has(type) ? absolute(first, origin) : first };
}

function dataOf(parts, words, origin) {
  const data = {};
  for (const [at, [name, kind]] of parts.entries()) {
    const word = words[at]?.text;
    if (word === undefined && kind !== "words") return null;
    if (kind === "number" && !/^\d+$/.test(word)) return null;
    if (kind === "number") data[name] = Number(word);
    else if (kind === "host") data[name] = word === "." ? "." : absolute(word, origin);
    else if (kind === "rest") data[name] = joined(words.slice(at), "");
    else if (kind === "words") data[name] = joined(words.slice(at), " ");
    else data[name] = word;
  }
  return { data };
}

function joined(words, between) {
  return words.map((word) => word.text).join(between);
}
