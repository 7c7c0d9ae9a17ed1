// Pure: the colours that a program gave its line, as the server tells them (`start:length:codes`), laid over the cut text.

const KNOWN = new Set(["1", "2", "3", "4", ...["3", "9"].flatMap((tens) => [0, 1, 2, 3, 4, 5, 6, 7].map((ones) => `${tens}${ones}`))]);

/** `[{from, to, look}]` in order; `look` are the names of our classes. What is not of that form is passed over. */
export function spansOf(style) {
  return (style || "").split(" ").flatMap((part) => {
    const found = /^(\d+):(\d+):([\d,]+)$/.exec(part);
    if (!found) return [];
    const look = found[3].split(",").filter((code) => KNOWN.has(code)).map((code) => `a${code}`).join(" ");
    return look ? [{ from: Number(found[1]), to: Number(found[1]) + Number(found[2]), look }] : [];
  });
}

/** Parts `{text, hit}` cut further where a colour begins or ends: `{text, hit, look}`. Places count letters, not code units. */
export function paint(parts, style) {
  const spans = spansOf(style);
  const painted = [];
  let at = 0;
  for (const { text, hit } of parts) {
    const letters = Array.from(text);
    const end = at + letters.length;
    const edges = new Set([at, end]);
    for (const { from, to } of spans) for (const edge of [from, to]) if (edge > at && edge < end) edges.add(edge);
    const places = [...edges].sort((a, b) => a - b);
    for (let place = 0; place + 1 < places.length; place++) {
      const [from, to] = [places[place], places[place + 1]];
      const span = spans.find((each) => each.from <= from && each.to >= to);
      painted.push({ text: letters.slice(from - at, to - at).join(""), hit, look: span ? span.look : "" });
    }
    at = end;
  }
  return painted;
}
