// Pure: hits of a search, where the next one is, and how a message is cut around them.

/** Cut a text into `{text, hit}` parts, without regard to case. */
export function cutByQuery(text, query) {
  if (!query) return [{ text, hit: false }];
  const low = text.toLowerCase();
  const wanted = query.toLowerCase();
  // Lowering may change a text's length ("İ"): positions would then be wrong, so it is shown uncut.
  if (low.length !== text.length) return [{ text, hit: false }];
  const parts = [];
  let at = 0;
  for (let found = low.indexOf(wanted); found >= 0; found = low.indexOf(wanted, at)) {
    if (found > at) parts.push({ text: text.slice(at, found), hit: false });
    at = found + wanted.length;
    parts.push({ text: text.slice(found, at), hit: true });
  }
  if (at < text.length || !parts.length) parts.push({ text: text.slice(at), hit: false });
  return parts;
}

/** Asked for like a level, here as at the server: the errors that say that a host was not reached. */
export const UNREACHABLE = "unreachable";
export const isUnreachable = (line) => line.level === "error" && line.message.startsWith("fatal: UNREACHABLE!");

/** Whether a line is shown under the filters: levels (empty = all), host ("" = all). */
export function isWanted(line, levels, host) {
  const isLevel = !levels.length || levels.includes(line.level) || (levels.includes(UNREACHABLE) && isUnreachable(line));
  return isLevel && (!host || line.host === host);
}

/** Sorted numbers joined with more numbers, each once. */
export function mergeSorted(numbers, more) {
  if (!more.length) return numbers;
  if (!numbers.length || more[0] > numbers[numbers.length - 1]) return numbers.concat(more);
  return [...new Set([...numbers, ...more])].sort((a, b) => a - b);
}

/** Place of the first number >= value. */
export function lowerBound(numbers, value) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The hit after (`step` 1) or before (-1) a line, going round at the ends; -1 when there is none. */
export function nextHit(numbers, current, step) {
  if (!numbers.length) return -1;
  if (step > 0) {
    const at = lowerBound(numbers, current + 1);
    return at < numbers.length ? at : 0;
  }
  const at = lowerBound(numbers, current) - 1;
  return at >= 0 ? at : numbers.length - 1;
}

/** Whether the hit after or before a line is certain although only the lines up to `upTo` were looked at. */
export function isKnown(numbers, upTo, current, step) {
  if (step > 0) {
    const next = numbers[lowerBound(numbers, current + 1)];
    return next !== undefined && next <= upTo;
  }
  return current - 1 <= upTo && lowerBound(numbers, current) > 0;
}
