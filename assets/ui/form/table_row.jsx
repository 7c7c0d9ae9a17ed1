// One row of an editable table: its cells, what it has besides, what is wrong with it.
import { memo, useState } from "react";
import { FieldError } from "../fields.jsx";
import { Icon } from "../icons.jsx";
import { useText } from "../text.js";
import { isNarrow } from "./columns.js";
import { useForm } from "./context.js";
import { Scalar } from "./scalar.jsx";
import { isRequired, isShown, titleOf } from "./values.js";

/** Fields below the row show themselves when they have to be filled in or are wrong; the arrow shows all of them. */
function RowOf({ path, columns, more, value, at, failed, disabled, onRemove, top, measured }) {
  const { Fields } = useForm();
  const t = useText();
  const [isOpen, setIsOpen] = useState(false);
  const rowPath = [...path, at];
  const isUrgent = (field) => isRequired(field, value) || (failed || []).some(([rest]) => isOf(field, rest));
  const below = more.filter((field) => isShown(field, value) && (isOpen || isUrgent(field)));
  return (
    <div className="l" role="row" data-row={at} aria-rowindex={measured ? at + 2 : undefined} ref={measured} style={top === undefined ? undefined : { top }}>
      {columns.map((column) => (
        <Cell key={column.name} column={column} path={rowPath} value={value} at={at} />
      ))}
      {more.length ? (
        <div className="c act more" role="cell">
          <button type="button" className="ib" aria-label={t("schema.more_of", { n: at + 1 })} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            <Icon name={isOpen ? "chevron-up" : "chevron-down"} />
          </button>
        </div>
      ) : null}
      <div className="c act del" role="cell">
        <button type="button" className="ib" aria-label={t("schema.remove_item", { n: at + 1 })} disabled={disabled} onClick={() => onRemove(at)}>
          <Icon name="trash" />
        </button>
      </div>
      {below.length ? (
        <div className="b" role="cell">
          <Fields fields={below} path={rowPath} values={value} />
        </div>
      ) : null}
      <RowErrors fields={columns} failed={failed} />
    </div>
  );
}

function isOf(field, rest) {
  return rest === `/${field.name}` || rest.startsWith(`/${field.name}/`);
}

const SAME = ["value", "at", "failed", "disabled", "pointer", "columns", "top", "measured"];

/** Drawn again only when the row itself changed: a table of thousands stays quick while one cell is typed in. */
export const Row = memo(RowOf, (before, after) => SAME.every((name) => (name === "columns" ? before.columns.length === after.columns.length : before[name] === after[name])));

function Cell({ column, path, value, at }) {
  const t = useText();
  const numbered = { ...column, title: `${titleOf(column, "en")} ${at + 1}`, titlePt: `${titleOf(column, "pt-BR")} ${at + 1}` };
  return (
    <div className={isNarrow(column) ? "c narrow" : "c"} role="cell" data-col={column.name}>
      <span className="k" aria-hidden="true">
        {titleOf(column, t.language)}
      </span>
      {isShown(column, value) ? <Scalar field={numbered} path={[...path, column.name]} value={value?.[column.name]} required={isRequired(column, value)} bare /> : null}
    </div>
  );
}

/** What is wrong in the cells, or with the row; what stands below the row says it there. */
function RowErrors({ fields, failed }) {
  const t = useText();
  const said = (failed || []).map(([rest, message]) => [rest, fields.find((each) => isOf(each, rest)), message]).filter(([rest, field]) => field || !rest);
  if (!said.length) return null;
  return (
    <div className="m" role="cell">
      {said.map(([rest, field, message]) => (
        <FieldError key={rest} text={field ? `${titleOf(field, t.language)}: ${message}` : message} />
      ))}
    </div>
  );
}
