// Lists of single values: chips for free text, checkboxes for a few choices.
import { useRef, useState } from "react";
import { CheckField, FieldError } from "../fields.jsx";
import { Icon } from "../icons.jsx";
import { useText } from "../text.js";
import { ChoiceField } from "./choice_field.jsx";
import { optionsOf, useForm, usePut } from "./context.js";
import { Heading } from "./heading.jsx";
import { errorsBelow, pointerOf, titleOf, toItems } from "./values.js";

/** What is wrong with a list, or with one of its items, which is then named. */
function ItemErrors({ items, failed }) {
  return failed.map(([rest, message]) => <FieldError key={rest} text={rest ? `${items[Number(rest.slice(1))] ?? ""}: ${message}` : message} />);
}

/** A list of scalars as chips; Enter, comma or a pasted column adds. */
export function Chips({ field, path, value, required }) {
  const { errors, disabled } = useForm();
  const t = useText();
  const [text, setText] = useState("");
  const put = usePut(path, required);
  const items = Array.isArray(value) ? value : [];
  const add = (typed) => {
    const fresh = toItems(typed, field.item?.kind).filter((item) => !items.includes(item));
    if (fresh.length) put([...items, ...fresh]);
    setText("");
  };
  const onKeyDown = (event) => {
    if ((event.key === "Enter" || event.key === ",") && text.trim() && !event.ctrlKey) {
      event.preventDefault();
      add(text);
    }
    if (event.key === "Backspace" && !text && items.length) put(items.slice(0, -1));
  };
  const onPaste = (event) => {
    const pasted = event.clipboardData.getData("text");
    if (!/[\n,;]/.test(pasted)) return;
    event.preventDefault();
    event.stopPropagation();
    add(text + pasted);
  };
  const failed = errorsBelow(errors, pointerOf(path));
  return (
    <div className="f wide">
      <Heading field={field} required={required} />
      <div className={`in chips ${failed.length ? "err" : ""}`}>
        {items.map((item, at) => (
          <Chip key={`${item}-${at}`} name={String(item)} disabled={disabled} onRemove={() => put(items.filter((_, place) => place !== at))} />
        ))}
        <input value={text} disabled={disabled} aria-label={titleOf(field, t.language)} aria-invalid={failed.length ? true : undefined} placeholder={items.length ? "" : t("schema.chips_hint")} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} onPaste={onPaste} onBlur={() => text.trim() && add(text)} />
      </div>
      <ItemErrors items={items} failed={failed} />
    </div>
  );
}

/** The same where the server knows the choices: what is picked becomes a chip. */
export function ChosenChips({ field, path, value, required }) {
  const { errors, disabled } = useForm();
  const t = useText();
  const names = useRef(new Map());
  const put = usePut(path, required);
  const items = Array.isArray(value) ? value : [];
  const add = (next, choice) => {
    if (next === undefined || items.includes(next)) return;
    if (choice) names.current.set(next, choice.label);
    put([...items, next]);
  };
  const title = titleOf(field, t.language);
  return (
    <div className="f wide" role="group" aria-label={title}>
      <Heading field={field} count={items.length} required={required} />
      {items.length ? (
        <div className="row wrap">
          {items.map((item, at) => (
            <Chip key={item} name={names.current.get(item) || String(item)} disabled={disabled} onRemove={() => put(items.filter((_, place) => place !== at))} />
          ))}
        </div>
      ) : null}
      <ChoiceField key={items.length} field={field.item} path={[...path, items.length]} value={undefined} label={t("schema.add_item", { name: title })} placeholder={t("schema.choice.add")} disabled={disabled} onChange={add} bare />
      <ItemErrors items={items} failed={errorsBelow(errors, pointerOf(path))} />
    </div>
  );
}

function Chip({ name, disabled, onRemove }) {
  const t = useText();
  return (
    <span className="chip">
      <span className="trunc">{name}</span>
      <button type="button" className="x" aria-label={t("schema.remove", { name })} disabled={disabled} onClick={onRemove}>
        <Icon name="close" size={12} />
      </button>
    </span>
  );
}

/** A list of choices out of few: one checkbox each, also for what is chosen and no longer offered, so that it can go. */
export function Checks({ field, path, value, required }) {
  const { errors, disabled } = useForm();
  const t = useText();
  const put = usePut(path, required);
  const items = Array.isArray(value) ? value : [];
  const offered = optionsOf(field.item, t);
  const stray = items.filter((item) => !offered.some((option) => option.value === item)).map((item) => ({ value: item, label: String(item) }));
  const toggle = (option, on) => put(on ? [...items, option] : items.filter((item) => item !== option));
  return (
    <div className="f wide" role="group" aria-label={titleOf(field, t.language)}>
      <Heading field={field} required={required} />
      <div className="row wrap row-16">
        {[...offered, ...stray].map((option) => (
          <CheckField key={option.value} label={option.label} disabled={disabled} checked={items.includes(option.value)} onChange={(on) => toggle(option.value, on)} />
        ))}
      </div>
      <ItemErrors items={items} failed={errorsBelow(errors, pointerOf(path))} />
    </div>
  );
}
