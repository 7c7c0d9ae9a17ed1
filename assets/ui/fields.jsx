// Form fields: label, control, hint and error as one accessible unit. Values keep their JSON types where they have one.
import { useEffect, useId, useRef, useState } from "react";
import { Icon } from "./icons.jsx";
import { useText } from "./text.js";

const WAIT_MS = 200;

/** Text being typed: shown at once, told after a short pause and on leaving; a new value from outside replaces it. */
export function useDraft(value, onChange, wait = WAIT_MS) {
  const [draft, setDraft] = useState(value ?? "");
  const told = useRef(value ?? "");
  const timer = useRef(0);
  const listener = useRef(onChange);
  listener.current = onChange; // that of the newest drawing: an older one knows nothing of what changed beside it meanwhile
  useEffect(() => {
    if ((value ?? "") === told.current) return;
    told.current = value ?? "";
    setDraft(value ?? "");
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const tell = (text) => {
    clearTimeout(timer.current);
    if (text === told.current) return;
    told.current = text;
    listener.current?.(text);
  };
  const type = (text) => {
    setDraft(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => tell(text), wait);
  };
  return [draft, type, () => tell(draft)];
}

/** Label above, hint and error below, wired to the control by ids. `children` gets the ids. */
export function Field({ label, optional, hint, error, wide, labelHidden, children }) {
  const t = useText();
  const id = useId();
  const described = [error ? `${id}-e` : "", hint ? `${id}-h` : ""].filter(Boolean).join(" ") || undefined;
  return (
    <div className={wide ? "f wide" : "f"}>
      {label && !labelHidden ? (
        <label className="lbl" htmlFor={id}>
          {label}
          {optional ? <span className="opt">{t("form.optional")}</span> : null}
        </label>
      ) : null}
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined, "aria-label": labelHidden ? label : undefined })}
      {error ? <FieldError id={`${id}-e`} text={error} /> : null}
      {hint ? (
        <div className="hint" id={`${id}-h`}>
          {hint}
        </div>
      ) : null}
    </div>
  );
}

export function FieldError({ id, text }) {
  return (
    <div className="hint bad" id={id} role="alert">
      <Icon name="warning" size={14} />
      <span>{text}</span>
    </div>
  );
}

/** One line of text, or an area (`rows`), or code. `filter` marks the page's filter for the "/" shortcut. */
export function TextField({ label, value, onChange, onEnter, type = "text", name, placeholder, hint, error, optional, unit, icon, rows, code, required, disabled, autoComplete, inputMode, maxLength, wide, labelHidden, filter, className = "", bare, onKeyDown }) {
  const [draft, setText, flush] = useDraft(value, onChange);
  const Tag = rows ? "textarea" : "input";
  const press = (event) => {
    if (event.key === "Enter" && !rows && onEnter) {
      flush();
      onEnter(draft);
    }
    if (onKeyDown) onKeyDown(event);
  };
  const box = `in ${rows ? "area" : ""} ${code ? "code" : ""} ${error ? "err" : ""} ${className}`;
  const control = (access) => (
    <div className={box.replace(/\s+/g, " ").trim()} data-filter={filter ? "" : undefined}>
      {icon ? <Icon name={icon} /> : null}
      <Tag {...access} name={name} type={rows ? undefined : type} rows={rows} value={draft} placeholder={placeholder} required={required} disabled={disabled} autoComplete={autoComplete || "off"} inputMode={inputMode} maxLength={maxLength} spellCheck={code ? false : undefined} onChange={(event) => setText(event.target.value)} onBlur={flush} onKeyDown={press} />
      {unit ? <span className="unit">{unit}</span> : null}
      {filter && !draft ? <kbd className="no-phone">/</kbd> : null}
    </div>
  );
  if (bare) return control({ "aria-label": label, "aria-invalid": error ? true : undefined });
  return (
    <Field label={label} optional={optional} hint={hint} error={error} wide={wide} labelHidden={labelHidden}>
      {control}
    </Field>
  );
}

/** Password with show/hide and a caps-lock hint. Uncontrolled by default: the value never has to leave the form. */
export function PasswordField({ label, name, value, onChange, hint, error, optional, autoComplete = "current-password", required, disabled, inputRef, rows }) {
  const t = useText();
  const [shown, setShown] = useState(false);
  const [caps, setCaps] = useState(false);
  const watch = (event) => setCaps(Boolean(event.getModifierState?.("CapsLock")));
  const controlled = value === undefined ? {} : { value };
  const Tag = rows ? "textarea" : "input";
  return (
    <Field label={label} optional={optional} hint={hint} error={error}>
      {(access) => (
        <>
          <div className={`in ${rows ? "area code" : ""} ${error ? "err" : ""}`}>
            <Tag {...access} {...controlled} ref={inputRef} name={name} rows={rows} type={rows ? undefined : shown ? "text" : "password"} autoComplete={autoComplete} required={required} disabled={disabled} spellCheck={false} onChange={(event) => onChange?.(event.target.value)} onKeyUp={watch} onBlur={() => setCaps(false)} />
            {rows ? null : (
              <button type="button" className="ib" aria-label={t(shown ? "form.hide_password" : "form.show_password")} aria-pressed={shown} onClick={() => setShown(!shown)}>
                <Icon name={shown ? "eye-off" : "eye"} size={20} />
              </button>
            )}
          </div>
          {caps ? (
            <div className="hint warn" role="status">
              <Icon name="warning" size={14} />
              {t("form.caps_lock")}
            </div>
          ) : null}
        </>
      )}
    </Field>
  );
}

/** A choice from a list. Options: `{value, label}` or plain values; the value handed on keeps its type. */
export function SelectField({ label, value, onChange, options, placeholder, name, hint, error, optional, disabled, wide, labelHidden, icon, bare }) {
  const list = (options || []).map((option) => (option !== null && typeof option === "object" ? option : { value: option, label: String(option) }));
  const at = list.findIndex((option) => option.value === value);
  const pick = (event) => {
    const chosen = event.target.value === "" ? undefined : list[Number(event.target.value)].value;
    if (onChange) onChange(chosen ?? "");
  };
  const control = (access) => (
    <div className={`in sel ${error ? "err" : ""}`}>
      {icon ? <Icon name={icon} /> : null}
      <select {...access} value={at < 0 ? "" : String(at)} disabled={disabled} onChange={pick}>
        {placeholder !== undefined || at < 0 ? <option value="">{placeholder ?? ""}</option> : null}
        {list.map((option, place) => (
          <option key={place} value={String(place)} disabled={option.disabled}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="chevron-down" size={14} />
      {name ? <input type="hidden" name={name} value={at < 0 ? "" : String(list[at].value)} /> : null}
    </div>
  );
  if (bare) return control({ "aria-label": label, "aria-invalid": error ? true : undefined });
  return (
    <Field label={label} optional={optional} hint={hint} error={error} wide={wide} labelHidden={labelHidden}>
      {control}
    </Field>
  );
}

const UNHEARD_MS = 5000;

/** A truth that is kept elsewhere and yet answers a press at once; what is not confirmed after a while is taken back. */
function usePressed(value) {
  const [pressed, setPressed] = useState(null);
  useEffect(() => setPressed(null), [value]);
  useEffect(() => {
    if (pressed === null) return undefined;
    const timer = setTimeout(() => setPressed(null), UNHEARD_MS);
    return () => clearTimeout(timer);
  }, [pressed]);
  return [pressed === null ? value : pressed, setPressed];
}

/** Checkbox, or a switch with `look="switch"`. */
export function CheckField({ label, checked, onChange, name, hint, error, disabled, look = "", defaultChecked, labelHidden, bare = labelHidden }) {
  const id = useId();
  const [on, press] = usePressed(Boolean(checked));
  const state = checked === undefined ? { defaultChecked } : { checked: on };
  const onPress = (event) => {
    press(event.target.checked);
    onChange?.(event.target.checked);
  };
  const box = (
    <label className={`check ${look}`.trim()}>
      <input type="checkbox" role={look === "switch" ? "switch" : undefined} {...state} name={name} disabled={disabled} aria-label={bare ? label : undefined} aria-invalid={error ? true : undefined} aria-describedby={error ? `${id}-e` : hint ? `${id}-h` : undefined} onChange={onPress} />
      {bare ? null : (
        <span>
          {label}
          {hint ? (
            <span className="hint" id={`${id}-h`}>
              {hint}
            </span>
          ) : null}
        </span>
      )}
    </label>
  );
  if (bare) return box;
  return (
    <div className="f">
      {box}
      {error ? <FieldError id={`${id}-e`} text={error} /> : null}
    </div>
  );
}

/** A few choices side by side. Options: `{value, label, tone?}`; tone "prod" draws the red outline. */
export function Segmented({ label, value, onChange, options, full, labelHidden, error, hint }) {
  const id = useId();
  const list = options || [];
  const onKeyDown = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = list.findIndex((option) => option.value === value);
    const next = (at + step + list.length) % list.length;
    onChange(list[next].value);
    event.currentTarget.children[next].focus();
  };
  const group = (
    <div className={full ? "seg seg-full" : "seg"} role="radiogroup" aria-label={labelHidden ? label : undefined} aria-labelledby={labelHidden ? undefined : id} onKeyDown={onKeyDown}>
      {list.map((option, place) => {
        const on = option.value === value;
        const reachable = on || (place === 0 && !list.some((each) => each.value === value));
        return (
          <button key={option.value} type="button" role="radio" aria-checked={on} tabIndex={reachable ? 0 : -1} className={`${option.tone || ""} ${on ? "on" : ""}`.trim()} onClick={() => onChange(option.value)}>
            {option.label}
          </button>
        );
      })}
    </div>
  );
  if (labelHidden) return group;
  return (
    <div className="f">
      <span className="lbl" id={id}>
        {label}
      </span>
      {group}
      {error ? <FieldError text={error} /> : null}
      {hint ? <div className="hint">{hint}</div> : null}
    </div>
  );
}

/** A form that hands its values on as one object, submits by Ctrl+Enter too, and goes to the first invalid field. */
export function Form({ id, onSubmit, className = "form", busy, children }) {
  const box = useRef(null);
  const submit = (event) => {
    event.preventDefault();
    if (busy) return;
    document.activeElement?.blur?.();
    const data = Object.fromEntries(new FormData(box.current).entries());
    for (const input of box.current.querySelectorAll('input[type="checkbox"][name]')) data[input.name] = input.checked;
    onSubmit(data);
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) box.current.requestSubmit();
  };
  return (
    <form ref={box} id={id} className={className} onSubmit={submit} onKeyDown={onKeyDown} noValidate={false}>
      {children}
    </form>
  );
}
