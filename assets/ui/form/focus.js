// Puts the focus where it belongs although that may not be drawn yet: a long table draws a row some frames later.

const MOST_FRAMES = 30;

/** Focuses what `find` gives as soon as it gives something; returns how to stop waiting for it. */
export function focusWhenDrawn(find) {
  let frame = 0;
  const look = (left) => {
    const element = find();
    if (element) element.focus();
    else if (left) frame = requestAnimationFrame(() => look(left - 1));
  };
  frame = requestAnimationFrame(() => look(MOST_FRAMES));
  return () => cancelAnimationFrame(frame);
}
