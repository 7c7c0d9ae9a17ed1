// SchemaForm: a form drawn from the server's field tree (see orch_app/components/schema_form.py for its shape).
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { FieldError } from "../fields.jsx";
import { useText } from "../text.js";
import { FormContext } from "./context.js";
import { Fields } from "./fields_of.jsx";
import { focusWhenDrawn } from "./focus.js";
import { completed, errorsBeside, initialValues, pointerOf, withValue } from "./values.js";

const TELL_MS = 200;
const TELL_LARGE_MS = 1000;
const LARGE = 50_000; // characters of JSON: more are not sent at every pause

/** The whole form. Values are shown at once and told to the state after a short pause; errors are `{pointer: message}`. */
export function SchemaForm({ fields, values, errors, disabled = false, choices = null, onChange }) {
  const t = useText();
  const [draft, setDraft] = useState(() => values || initialValues(fields));
  const told = useRef(JSON.stringify(values || null));
  const timer = useRef(0);
  const box = useRef(null);
  const latest = useRef(draft);
  const listener = useRef(onChange);
  const shape = useRef(fields);
  const [left, setLeft] = useState({ of: errors, errors: errors || {} }); // an error goes when its value changes
  if (left.of !== errors) setLeft({ of: errors, errors: errors || {} });
  listener.current = onChange;
  shape.current = fields;
  latest.current = draft;
  useEffect(() => {
    const outside = JSON.stringify(values || null);
    if (outside === told.current) return;
    told.current = outside;
    setDraft(values || initialValues(fields));
  }, [values]);
  const tell = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = 0;
    const sent = completed(shape.current, latest.current);
    told.current = JSON.stringify(sent);
    listener.current?.(sent);
  }, []);
  useEffect(() => {
    if (!values && fields?.length) tell();
    return () => clearTimeout(timer.current);
  }, [fields]);
  useEffect(() => {
    if (!errors || !Object.keys(errors).length) return undefined;
    return focusWhenDrawn(() => box.current?.querySelector('[aria-invalid="true"]'));
  }, [errors]);
  const change = useCallback((path, value, errorsAfter = errorsBeside) => {
    setLeft((now) => (Object.keys(now.errors).length ? { ...now, errors: errorsAfter(now.errors, pointerOf(path)) } : now));
    const next = withValue(latest.current, path, value);
    latest.current = next;
    setDraft(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(tell, told.current.length > LARGE ? TELL_LARGE_MS : TELL_MS);
  }, []);
  const valueAt = useCallback((path) => path.reduce((value, part) => value?.[part], latest.current), []);
  // Leaving the form tells at once, so that a press on "Run" right after typing sends what was typed. Leaving a control
  // does so too, but where much would be sent each time.
  const flush = (event) => {
    const isInside = box.current.contains(event.relatedTarget);
    if (timer.current && !(isInside && told.current.length > LARGE)) tell();
  };
  const shared = useMemo(() => ({ change, valueAt, errors: left.errors, disabled, choices, Fields }), [left.errors, disabled, JSON.stringify(choices)]);
  if (!fields?.length) return <p className="sec">{t("schema.no_fields")}</p>;
  return (
    <FormContext value={shared}>
      <div ref={box} className="form" onBlur={flush}>
        <Fields fields={fields} path={[]} values={draft} />
        {left.errors[""] ? <FieldError text={left.errors[""]} /> : null}
      </div>
    </FormContext>
  );
}
