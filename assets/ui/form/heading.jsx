// The words around a field that is more than one control.
import { FieldError } from "../fields.jsx";
import { useText } from "../text.js";
import { labels, useError } from "./context.js";

/** Title, count and hint; `aside` stands at the other end of the line. */
export function Heading({ field, count, required, aside }) {
  const t = useText();
  const { label, hint } = labels(field, t);
  return (
    <>
      <div className="row sp">
        <span className="lbl">
          {label}
          {count === undefined ? null : <span className="opt num">{count}</span>}
          {required ? null : <span className="opt">{t("form.optional")}</span>}
        </span>
        {aside}
      </div>
      {hint ? <span className="hint">{hint}</span> : null}
    </>
  );
}

/** What is wrong with the field as a whole. */
export function OwnErrors({ path }) {
  const message = useError(path);
  return message ? <FieldError text={message} /> : null;
}
