// A combobox whose choices the server knows: typing narrows them, the keyboard picks, what is not listed may be typed.
import { useEffect, useId, useRef, useState } from "react";
import { Field } from "../fields.jsx";
import { Icon } from "../icons.jsx";
import { useText } from "../text.js";
import { chosenBy, moved } from "./choices.js";
import { useChoices } from "./use_choices.js";

/** `onChange(value, choice)`: `choice` is what was picked, undefined for a text of one's own. */
export function ChoiceField({ field, path, value, onChange, label, hint, error, optional, disabled, placeholder, bare }) {
  const t = useText();
  const [text, setText] = useState(null); // what is being typed; null while nothing is
  const [isOpen, setIsOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const known = useKnown(field, path, value, disabled);
  const found = useChoices(field, path, text ?? "", isOpen);
  const box = useRef(null);
  const listId = useId();
  const items = found.items;
  useEffect(() => setAt(-1), [found.items]);
  const close = () => {
    setIsOpen(false);
    setText(null);
    setAt(-1);
  };
  const pick = (choice) => {
    known.note(choice);
    onChange(choice.value, choice);
    close();
  };
  const leave = () => {
    if (text !== null) {
      const next = chosenBy(text, items, field.kind);
      if (next !== value) onChange(next, items.find((item) => item.value === next));
    }
    close();
  };
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setIsOpen(true);
      setAt(moved(at, step, items.length));
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && isOpen && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (found.state === "failed") found.again();
      else if (items[at]) pick(items[at]);
      else leave();
    }
  };
  const shown = text ?? known.choice?.label ?? (value === undefined || value === null ? "" : String(value));
  const control = (access) => (
    <div className={`in combo ${error ? "err" : ""} ${bare ? "code" : ""}`} ref={box}>
      <input
        {...access}
        type="text"
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && at >= 0 ? `${listId}-${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        value={shown}
        placeholder={placeholder ?? t("schema.choose")}
        disabled={disabled}
        onChange={(event) => {
          setText(event.target.value);
          setIsOpen(true);
        }}
        onFocus={(event) => event.target.select()}
        onClick={() => setIsOpen(true)}
        onBlur={leave}
        onKeyDown={onKeyDown}
      />
      {text === null && known.choice?.hint && !bare ? <span className="unit">{known.choice.hint}</span> : null}
      <Icon name="chevron-down" size={14} />
      <ChoiceList id={listId} box={box} label={label} isOpen={isOpen} found={found} items={items} at={at} value={value} onPick={pick} />
    </div>
  );
  const gone = known.isGone ? t("schema.choice.gone") : undefined;
  if (bare) return control({ "aria-label": label, "aria-invalid": error ? true : undefined });
  return (
    <Field label={label} hint={hint} error={error || gone} optional={optional}>
      {control}
    </Field>
  );
}

/** The choice that a value stands for. A value that came from elsewhere is looked up; `isGone`: it is no choice any more. */
function useKnown(field, path, value, disabled) {
  const picked = useRef(undefined);
  const isGiven = value !== undefined && value !== "" && !disabled;
  const found = useChoices(field, path, isGiven ? String(value) : "", isGiven);
  const listed = found.items.find((item) => item.value === value);
  const choice = listed || (picked.current?.value === value ? picked.current : undefined);
  const note = (next) => {
    picked.current = next;
  };
  return { choice, isGone: isGiven && found.state === "ready" && !found.truncated && !listed, note };
}

/** On the top layer, so that neither the drawer nor a table cuts it off. */
function ChoiceList({ id, box, label, isOpen, found, items, at, value, onPick }) {
  const popover = useRef(null);
  useEffect(() => {
    const list = popover.current;
    if (list.matches(":popover-open") !== isOpen) list.togglePopover();
    if (!isOpen) return undefined;
    place(list, box.current);
    const follow = () => place(list, box.current);
    window.addEventListener("scroll", follow, true);
    window.addEventListener("resize", follow);
    return () => {
      window.removeEventListener("scroll", follow, true);
      window.removeEventListener("resize", follow);
    };
  }, [isOpen]);
  useEffect(() => {
    if (!isOpen) return;
    place(popover.current, box.current);
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [isOpen, items, at, found.state]);
  return (
    <div ref={popover} popover="manual" className="menu combo-l" onMouseDown={(event) => event.preventDefault()}>
      <ul id={id} role="listbox" aria-label={label}>
        {(isOpen ? items : []).map((item, place) => (
          <li key={String(item.value)} id={`${id}-${place}`} role="option" aria-selected={item.value === value} className={place === at ? "menu-i on" : "menu-i"} onClick={() => onPick(item)}>
            <span className="trunc grow">{item.label}</span>
            {item.hint ? <span className="sec sm nowrap">{item.hint}</span> : null}
            {item.value === value ? <Icon name="check" size={14} /> : null}
          </li>
        ))}
      </ul>
      <ListState found={found} count={items.length} />
    </div>
  );
}

function ListState({ found, count }) {
  const t = useText();
  if (found.state === "failed") {
    return (
      <div className="combo-s" role="alert">
        <span className="bad">{saidOf(found.fault, t)}</span>
        <button type="button" className="lk sm" tabIndex={-1} onClick={found.again}>
          {t("action.retry")}
        </button>
      </div>
    );
  }
  const words = wordsOf(found, count, t);
  return (
    <div className="combo-s sec sm" role="status" hidden={!words}>
      {words}
    </div>
  );
}

/** What is missing is said in the words of the fault; a failure in those of its code. */
function saidOf(fault, t) {
  const detail = t.language === "pt-BR" ? fault.detailPt : fault.detail;
  if (fault.code === "validation") return detail;
  return t.known("problem.", fault.code) || detail || t("schema.choice.failed");
}

function wordsOf({ state, truncated }, count, t) {
  if (state === "loading") return t("state.loading");
  if (state !== "ready") return "";
  if (!count) return t(truncated ? "schema.choice.free" : "schema.choice.none");
  return truncated ? t("schema.choice.more") : "";
}

function place(list, box) {
  const area = box.getBoundingClientRect();
  list.style.width = `${Math.max(area.width, 220)}px`;
  const tall = list.offsetHeight;
  const isBelow = area.bottom + 4 + tall <= window.innerHeight - 8 || area.top < tall + 12;
  list.style.top = `${isBelow ? area.bottom + 4 : area.top - tall - 4}px`;
  list.style.left = `${Math.max(8, Math.min(area.left, window.innerWidth - list.offsetWidth - 8))}px`;
}
