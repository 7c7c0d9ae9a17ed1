// Pure: which tags of a runbook are wanted and which are left out. No tag is both.

/** `{only, skip}` with a tag pressed in one of them: it comes or goes there, and is in the other one no more. */
export function pressed({ only, skip }, place, tag) {
  const there = place === "only" ? only : skip;
  const other = (place === "only" ? skip : only).filter((one) => one !== tag);
  const next = there.includes(tag) ? there.filter((one) => one !== tag) : [...there, tag];
  return place === "only" ? { only: next, skip: other } : { only: other, skip: next };
}
