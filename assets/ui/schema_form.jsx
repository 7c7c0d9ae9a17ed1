// SchemaForm: a form drawn from the server's field tree (see orch_app/components/schema_form.py for its shape).
import { createContext, useContext, useEffect, useRef, useState } from "react";
import { CheckField, FieldError, PasswordField, SelectField, TextField } from "./fields.jsx";
import { Icon } from "./icons.jsx";
import { errorsBelow, gridColumns, initialValue, initialValues, isRequired, isShown, pointerOf, titleOf, toItems, toNumber, withValue } from "./schema_values.js";
import { useText } from "./text.js";

const TELL_MS = 200;
const MOST_COLUMNS = 5; // more would scroll sideways in the drawer
const FormContext = createContext(null);
const SCALARS = new Set(["string", "integer", "number", "boolean", "enum", "password"]);

function labels(field, t) {
  const help = t.language === "pt-BR" ? field.helpPt || field.help : field.help;
  return { label: titleOf(field, t.language), hint: help, unit: field.unit, placeholder: field.placeholder };
}

function optionsOf(field, t) {
  const listed = field.options || field.choices?.items || [];
  return listed.map((option) => ({ value: option.value, label: (t.language === "pt-BR" && option.labelPt) || option.label || String(option.value) }));
}

/** One control for a value without parts. `bare` leaves label, hint and error to the table around it. */
function Scalar({ field, path, value, required, bare }) {
  const { change, errors, disabled } = useContext(FormContext);
  const t = useText();
  const { label, hint, unit, placeholder } = labels(field, t);
  const shared = { label, hint, bare, disabled, error: errors[pointerOf(path)], optional: !required && !bare };
  const options = optionsOf(field, t);
  if (field.kind === "boolean") return <CheckField {...shared} look="switch" checked={Boolean(value)} onChange={(on) => change(path, on)} />;
  if (field.kind === "enum" || options.length) {
    const empty = required && value !== undefined ? undefined : t(required ? "schema.choose" : "schema.unset");
    return <SelectField {...shared} value={value} options={options} placeholder={empty} onChange={(chosen) => change(path, chosen === "" ? undefined : chosen)} />;
  }
  if (field.kind === "password") return <PasswordField {...shared} name="" value={value ?? ""} autoComplete="off" onChange={(text) => change(path, text || undefined)} />;
  const numeric = field.kind === "integer" || field.kind === "number";
  const take = (text) => change(path, numeric ? toNumber(text, field.kind === "integer") : text === "" ? undefined : text);
  const rows = { textarea: 4, code: 8, file: 8 }[field.kind];
  return <TextField {...shared} value={value === undefined || value === null ? "" : String(value)} unit={bare ? undefined : unit} placeholder={placeholder} rows={rows} code={field.kind === "code" || field.kind === "file" || bare} inputMode={numeric ? (field.kind === "integer" ? "numeric" : "decimal") : undefined} maxLength={field.maxLength} onChange={take} />;
}

function Heading({ field, count, required }) {
  const t = useText();
  const { label, hint } = labels(field, t);
  return (
    <>
      <span className="lbl">
        {label}
        {count === undefined ? null : <span className="opt num">{count}</span>}
        {required ? null : <span className="opt">{t("form.optional")}</span>}
      </span>
      {hint ? <span className="hint">{hint}</span> : null}
    </>
  );
}

function OwnErrors({ path }) {
  const { errors } = useContext(FormContext);
  const message = errors[pointerOf(path)];
  return message ? <FieldError text={message} /> : null;
}

/** What is wrong with a list, or with one of its items, which is then named. */
function ItemErrors({ items, failed }) {
  return failed.map(([rest, message]) => <FieldError key={rest} text={rest ? `${items[Number(rest.slice(1))] ?? ""}: ${message}` : message} />);
}

/** A list of scalars as chips; Enter, comma or a pasted column adds. */
function Chips({ field, path, value, required }) {
  const { change, errors, disabled } = useContext(FormContext);
  const t = useText();
  const [text, setText] = useState("");
  const items = Array.isArray(value) ? value : [];
  const kind = field.item?.kind;
  const put = (list) => change(path, list.length || required ? list : undefined);
  const add = (typed) => {
    const fresh = toItems(typed, kind).filter((item) => !items.includes(item));
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
    add(text + pasted);
  };
  const failed = errorsBelow(errors, pointerOf(path));
  return (
    <div className="f wide">
      <Heading field={field} required={required} />
      <div className={`in chips ${failed.length ? "err" : ""}`}>
        {items.map((item, at) => (
          <span className="chip" key={`${item}-${at}`}>
            <span className="trunc">{String(item)}</span>
            <button type="button" className="x" aria-label={t("schema.remove", { name: item })} disabled={disabled} onClick={() => put(items.filter((_, place) => place !== at))}>
              <Icon name="close" size={12} />
            </button>
          </span>
        ))}
        <input value={text} disabled={disabled} aria-label={titleOf(field, t.language)} placeholder={items.length ? "" : t("schema.chips_hint")} onChange={(event) => setText(event.target.value)} onKeyDown={onKeyDown} onPaste={onPaste} onBlur={() => text.trim() && add(text)} />
      </div>
      <ItemErrors items={items} failed={failed} />
    </div>
  );
}

/** A list of choices out of few: one checkbox each, also for what is chosen and no longer offered, so that it can go. */
function Checks({ field, path, value, required }) {
  const { change, errors, disabled } = useContext(FormContext);
  const t = useText();
  const items = Array.isArray(value) ? value : [];
  const offered = optionsOf(field.item, t);
  const stray = items.filter((item) => !offered.some((option) => option.value === item)).map((item) => ({ value: item, label: String(item) }));
  const toggle = (option, on) => {
    const list = on ? [...items, option] : items.filter((item) => item !== option);
    change(path, list.length || required ? list : undefined);
  };
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

function RowErrors({ columns, path }) {
  const { errors } = useContext(FormContext);
  const t = useText();
  const failed = errorsBelow(errors, pointerOf(path));
  if (!failed.length) return null;
  const titled = (rest) => {
    const column = columns.find((each) => rest === `/${each.name}` || rest.startsWith(`/${each.name}/`));
    return column ? `${titleOf(column, t.language)}: ` : "";
  };
  return (
    <div className="m" role="cell">
      {failed.map(([rest, message]) => (
        <FieldError key={rest} text={titled(rest) + message} />
      ))}
    </div>
  );
}

function GridRow({ columns, path, value, at, onRemove, disabled }) {
  const t = useText();
  return (
    <div className="l" role="row">
      {columns.map((column) => (
        <div className="c" role="cell" key={column.name}>
          <span className="k" aria-hidden="true">
            {titleOf(column, t.language)}
          </span>
          {isShown(column, value) ? <Scalar field={{ ...column, title: `${titleOf(column, "en")} ${at + 1}`, titlePt: `${titleOf(column, "pt-BR")} ${at + 1}` }} path={[...path, column.name]} value={value?.[column.name]} required={isRequired(column, value)} bare /> : null}
        </div>
      ))}
      <div className="c del" role="cell">
        <button type="button" className="ib" aria-label={t("schema.remove_item", { n: at + 1 })} disabled={disabled} onClick={onRemove}>
          <Icon name="trash" />
        </button>
      </div>
      <RowErrors columns={columns} path={path} />
    </div>
  );
}

/** A list of objects: an editable grid when its columns are few and simple, else one group per item. */
function Rows({ field, path, value, required }) {
  const { change, disabled } = useContext(FormContext);
  const t = useText();
  const keys = useRef([]);
  const next = useRef(0);
  const items = Array.isArray(value) ? value : [];
  while (keys.current.length < items.length) keys.current.push(next.current++);
  keys.current.length = items.length;
  const simple = field.columns.length <= MOST_COLUMNS && field.columns.every((column) => SCALARS.has(column.kind));
  const put = (list) => change(path, list.length || required ? list : undefined);
  const add = () => put([...items, initialValues(field.columns)]);
  const remove = (at) => {
    keys.current.splice(at, 1);
    put(items.filter((_, place) => place !== at));
  };
  const full = field.maxItems !== undefined && items.length >= field.maxItems;
  return (
    <div className="f wide">
      <Heading field={field} count={items.length} required={required} />
      {simple && items.length ? (
        <div className="rec" role="table" aria-label={titleOf(field, t.language)} style={{ "--cols": gridColumns(field.columns) }}>
          <div className="h" role="row">
            {field.columns.map((column) => (
              <span key={column.name} role="columnheader">
                {titleOf(column, t.language)}
                {column.unit ? <span className="sec"> {column.unit}</span> : null}
              </span>
            ))}
            <span role="columnheader">
              <span className="sr">{t("action.delete")}</span>
            </span>
          </div>
          {items.map((item, at) => (
            <GridRow key={keys.current[at]} columns={field.columns} path={[...path, at]} value={item} at={at} disabled={disabled} onRemove={() => remove(at)} />
          ))}
        </div>
      ) : null}
      {simple
        ? null
        : items.map((item, at) => (
            <fieldset className="group" key={keys.current[at]}>
              <div className="row">
                <span className="lbl grow">{t("schema.item", { n: at + 1 })}</span>
                <button type="button" className="ib" aria-label={t("schema.remove_item", { n: at + 1 })} disabled={disabled} onClick={() => remove(at)}>
                  <Icon name="trash" />
                </button>
              </div>
              <Fields fields={field.columns} path={[...path, at]} values={item} />
              <OwnErrors path={[...path, at]} />
            </fieldset>
          ))}
      <OwnErrors path={path} />
      <div>
        <button type="button" className="btn s" disabled={disabled || full} onClick={add}>
          <Icon name="plus" size={14} />
          {t("schema.add")}
        </button>
      </div>
    </div>
  );
}

/** An object with free keys: pairs of name and value. */
function Pairs({ field, path, value, required }) {
  const { change, disabled } = useContext(FormContext);
  const t = useText();
  const [draft, setDraft] = useState("");
  const pairs = Object.entries(value || {});
  const put = (next) => change(path, Object.keys(next).length || required ? next : undefined);
  const add = () => {
    const name = draft.trim();
    if (!name || (value && name in value)) return;
    put({ ...value, [name]: initialValue(field.item) ?? "" });
    setDraft("");
  };
  const remove = (name) => put(Object.fromEntries(pairs.filter(([each]) => each !== name)));
  return (
    <fieldset className="group f wide">
      <Heading field={field} count={pairs.length} required={required} />
      {pairs.map(([name, item]) => (
        <div className="row" key={name}>
          <div className="grow">
            <Scalar field={{ ...field.item, name, title: name, titlePt: name }} path={[...path, name]} value={item} required />
          </div>
          <button type="button" className="ib" aria-label={t("schema.remove", { name })} disabled={disabled} onClick={() => remove(name)}>
            <Icon name="trash" />
          </button>
        </div>
      ))}
      <div className="row">
        <div className="in code grow">
          <input value={draft} aria-label={t("schema.add_item", { name: titleOf(field, t.language) })} disabled={disabled} onChange={(event) => setDraft(event.target.value)} onKeyDown={(event) => event.key === "Enter" && (event.preventDefault(), add())} />
        </div>
        <button type="button" className="btn s" disabled={disabled || !draft.trim()} onClick={add}>
          <Icon name="plus" size={14} />
          {t("schema.add")}
        </button>
      </div>
      <OwnErrors path={path} />
    </fieldset>
  );
}

/** One of several shapes: choose, then fill. The fields of the other shapes are taken away. */
function Variant({ field, path, value, required }) {
  const { change } = useContext(FormContext);
  const t = useText();
  const variants = field.variants || [];
  const fits = variants.findIndex((variant) => variant.fields.some((each) => value?.[each.name] !== undefined));
  const [at, setAt] = useState(Math.max(0, fits));
  const pick = (next) => {
    setAt(next);
    change(path, initialValues(variants[next].fields));
  };
  return (
    <fieldset className="group f wide">
      <Heading field={field} required={required} />
      <SelectField label={titleOf(field, t.language)} labelHidden value={at} options={variants.map((variant, place) => ({ value: place, label: titleOf(variant, t.language) }))} onChange={pick} />
      <Fields fields={variants[at]?.fields || []} path={path} values={value} />
      <OwnErrors path={path} />
    </fieldset>
  );
}

function Group({ field, path, value, required }) {
  return (
    <fieldset className="group wide">
      <Heading field={field} required={required} />
      <Fields fields={field.fields} path={path} values={value} />
      <OwnErrors path={path} />
    </fieldset>
  );
}

function One({ field, path, value, required }) {
  const props = { field, path, value, required };
  if (field.kind === "object") return <Group {...props} />;
  if (field.kind === "table") return <Rows {...props} />;
  if (field.kind === "array") return optionsOf(field.item || {}, { language: "en" }).length ? <Checks {...props} /> : <Chips {...props} />;
  if (field.kind === "map") return <Pairs {...props} />;
  if (field.kind === "variant") return <Variant {...props} />;
  const wide = field.kind === "textarea" || field.kind === "code" || field.kind === "file";
  return (
    <div className={wide ? "wide" : ""}>
      <Scalar {...props} />
    </div>
  );
}

function Fields({ fields, path, values }) {
  return (
    <div className="f2">
      {fields
        .filter((field) => isShown(field, values))
        .map((field) => (
          <One key={field.pointer || field.name} field={field} path={[...path, field.name]} value={values?.[field.name]} required={isRequired(field, values)} />
        ))}
    </div>
  );
}

/** The whole form. Values are shown at once and told to the state after a short pause; errors are `{pointer: message}`. */
export function SchemaForm({ fields, values, errors, disabled = false, onChange }) {
  const t = useText();
  const [draft, setDraft] = useState(() => values || initialValues(fields));
  const told = useRef(JSON.stringify(values || null));
  const timer = useRef(0);
  const box = useRef(null);
  useEffect(() => {
    const outside = JSON.stringify(values || null);
    if (outside === told.current) return;
    told.current = outside;
    setDraft(values || initialValues(fields));
  }, [values]);
  const tell = (next) => {
    clearTimeout(timer.current);
    timer.current = 0;
    told.current = JSON.stringify(next);
    onChange?.(next);
  };
  useEffect(() => {
    if (!values && fields?.length) tell(draft);
    return () => clearTimeout(timer.current);
  }, [fields]);
  useEffect(() => {
    if (errors && Object.keys(errors).length) box.current?.querySelector('[aria-invalid="true"]')?.focus();
  }, [errors]);
  const latest = useRef(draft);
  latest.current = draft;
  const change = (path, value) => {
    const next = withValue(latest.current, path, value);
    latest.current = next;
    setDraft(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => tell(next), TELL_MS);
  };
  // Leaving a control tells at once, so that a press on "Run" right after typing sends what was typed.
  const flush = () => {
    if (timer.current) tell(latest.current);
  };
  if (!fields?.length) return <p className="sec">{t("schema.no_fields")}</p>;
  return (
    <FormContext value={{ change, errors: errors || {}, disabled }}>
      <div ref={box} className="form" onBlur={flush}>
        <Fields fields={fields} path={[]} values={draft} />
        {errors?.[""] ? <FieldError text={errors[""]} /> : null}
      </div>
    </FormContext>
  );
}
