// A button with a list of actions below it, on the native popover (top layer, so no card cuts it off).
import { useId, useRef, useState } from "react";
import { Icon } from "./icons.jsx";

function place(list, trigger, side) {
  const area = trigger.getBoundingClientRect();
  const wide = list.offsetWidth;
  const tall = list.offsetHeight;
  const below = area.bottom + 4 + tall <= window.innerHeight - 8 || area.top < tall + 12;
  const left = side === "left" ? area.left : area.right - wide;
  list.style.top = `${below ? area.bottom + 4 : area.top - tall - 4}px`;
  list.style.left = `${Math.max(8, Math.min(left, window.innerWidth - wide - 8))}px`;
}

function moveFocus(list, step) {
  const items = [...list.querySelectorAll('[role^="menuitem"]:not(:disabled)')];
  if (!items.length) return;
  const at = items.indexOf(document.activeElement);
  const next = step === "first" ? 0 : step === "last" ? items.length - 1 : (at + step + items.length) % items.length;
  items[next].focus();
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: "first", End: "last" };

/** Menu with its own trigger: an icon button, a text button, or `face` (initials of the user). */
export function Menu({ label, icon, text, face, count, className = "", side = "right", onOpen, children }) {
  const id = useId();
  const trigger = useRef(null);
  const list = useRef(null);
  const [open, setOpen] = useState(false);
  const onToggle = (event) => {
    const opened = event.newState === "open";
    setOpen(opened);
    if (opened) {
      place(list.current, trigger.current, side);
      moveFocus(list.current, "first");
      if (onOpen) onOpen();
    }
  };
  const onKeyDown = (event) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    moveFocus(list.current, STEPS[event.key]);
  };
  const onClick = (event) => {
    // A box may be one of several that somebody wants to tick: only the other entries close the menu.
    if (event.target.closest('[role^="menuitem"]:not([role="menuitemcheckbox"])')) list.current.hidePopover();
  };
  const look = className || (face ? "ava-b" : text ? "btn" : "ib");
  return (
    <>
      <button ref={trigger} type="button" className={look} aria-label={label || undefined} aria-haspopup="menu" aria-expanded={open} popoverTarget={id}>
        {face ? <span className="ava">{face}</span> : null}
        {icon ? <Icon name={icon} size={text ? 16 : 20} /> : null}
        {text}
        {count ? <span className="cnt">{count > 99 ? "99+" : count}</span> : null}
      </button>
      <div ref={list} id={id} popover="auto" className="menu" role="menu" aria-label={label || text} onToggle={onToggle} onKeyDown={onKeyDown} onClick={onClick}>
        {children}
      </div>
    </>
  );
}
