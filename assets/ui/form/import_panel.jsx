// Many rows at once: paste them or load a file, see what was understood, then add them or put them in place of the others.
import { useEffect, useMemo, useRef, useState } from "react";
import { FieldError } from "../fields.jsx";
import { useText } from "../text.js";
import { CodeField } from "./code_field.jsx";
import { readTable } from "./imports.js";

const MOST_NAMED = 5;

export function ImportPanel({ field, start, onTake, onClose, hasRows }) {
  const t = useText();
  const [text, setText] = useState(start);
  const box = useRef(null);
  const found = useMemo(() => readTable(text, field), [text, field]);
  useEffect(() => box.current.querySelector("textarea").focus(), []);
  const count = found.items.length;
  const takesZone = field.import?.includes("zone");
  return (
    <div className="group import" ref={box} role="group" aria-label={t("schema.import.title")} onPaste={(event) => event.stopPropagation()}>
      <CodeField label={t("schema.import.title")} hint={t(takesZone ? "schema.import.hint_zone" : "schema.import.hint")} value={text} rows={6} onChange={setText} />
      <div role="status" className="sec sm">
        {text.trim() ? t("schema.import.found", { n: count }) : ""}
      </div>
      {found.faults.slice(0, MOST_NAMED).map((fault, at) => (
        <FieldError key={at} text={t(`schema.import.fault.${fault.code}`, { line: fault.line, name: fault.name })} />
      ))}
      {found.faults.length > MOST_NAMED ? <span className="sec sm">{t("schema.import.more_faults", { n: found.faults.length - MOST_NAMED })}</span> : null}
      <div className="row wrap">
        <button type="button" className="btn s" disabled={!count} onClick={() => onTake(found, "append")}>
          {t("schema.import.append")}
        </button>
        {hasRows ? (
          <button type="button" className="btn s" disabled={!count} onClick={() => onTake(found, "replace")}>
            {t("schema.import.replace")}
          </button>
        ) : null}
        <button type="button" className="btn s g" onClick={onClose}>
          {t("action.cancel")}
        </button>
      </div>
    </div>
  );
}
