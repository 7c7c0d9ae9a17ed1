// When something happens: a moment as the clocks of another zone show it, and the choice of a zone.
import { useEffect, useId } from "react";
import { Field, useDraft } from "./fields.jsx";
import { zonedText } from "./format.js";
import { useLanguage } from "./prefs.js";

/** "seg., 23 de nov., 09:00 BRT": in the zone's own time. */
export function ZonedTime({ value, zone, className = "" }) {
  const language = useLanguage();
  const moment = Date.parse(value || "");
  if (Number.isNaN(moment)) return <span className="sec">—</span>;
  return (
    <time dateTime={value} className={`num ${className}`.trim()}>
      {zonedText(language, moment, zone)}
    </time>
  );
}

/** A time zone by its name, with the browser's list of them; while none is given, the browser's own is told. */
export function ZoneField({ label, value, onChange, hint, error, disabled }) {
  const [draft, setText, flush] = useDraft(value, onChange);
  const list = useId();
  useEffect(() => {
    if (!value && onChange) onChange(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
  }, [value, onChange]);
  return (
    <Field label={label} hint={hint} error={error}>
      {(access) => (
        <div className={error ? "in err" : "in"}>
          <input {...access} list={list} value={draft} disabled={disabled} autoComplete="off" spellCheck={false} maxLength={64} onChange={(event) => setText(event.target.value)} onBlur={flush} />
          <datalist id={list}>
            {["UTC", ...(Intl.supportedValuesOf?.("timeZone") || [])].map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </div>
      )}
    </Field>
  );
}
