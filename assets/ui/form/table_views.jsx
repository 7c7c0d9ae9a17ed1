// The rows of a list, drawn: a table, a long table of which only a part is drawn, or one group per item.
import { useEffect, useMemo, useRef, useState } from "react";
import { Icon } from "../icons.jsx";
import { useText } from "../text.js";
import { besides, gridColumns } from "./columns.js";
import { useForm } from "./context.js";
import { OwnErrors } from "./heading.jsx";
import { useRowWindow } from "./row_window.js";
import { Row } from "./table_row.jsx";
import { errorsByRow, pointerOf, titleOf } from "./values.js";

/** What every drawing of the rows needs: what is wrong by row, the grid, and the same handlers as before. */
function useRowProps({ field, path, columns, onRemove }) {
  const { errors, disabled } = useForm();
  const pointer = pointerOf(path);
  const failed = useMemo(() => errorsByRow(errors, pointer), [errors, pointer]);
  const more = useMemo(() => besides(field), [field]);
  const remover = useRef(onRemove);
  remover.current = onRemove;
  const handler = useRef((at) => remover.current(at));
  const grid = { "--cols": gridColumns(columns, more.length ? 2 : 1) };
  return { failed, grid, shared: { path, pointer, columns, more, disabled, onRemove: handler.current } };
}

function TableHead({ columns, hasMore }) {
  const t = useText();
  return (
    <div className="h" role="row">
      {columns.map((column) => (
        <span key={column.name} role="columnheader">
          {titleOf(column, t.language)}
          {column.unit ? <span className="sec"> {column.unit}</span> : null}
        </span>
      ))}
      {hasMore ? <HiddenHead text={t("schema.more")} /> : null}
      <HiddenHead text={t("action.delete")} />
    </div>
  );
}

function HiddenHead({ text }) {
  return (
    <span role="columnheader">
      <span className="sr">{text}</span>
    </span>
  );
}

export function ShortTable(props) {
  const { field, columns, rows } = props;
  const t = useText();
  const { failed, grid, shared } = useRowProps(props);
  return (
    <div className="rec" role="table" aria-label={titleOf(field, t.language)} style={grid}>
      <TableHead columns={columns} hasMore={shared.more.length > 0} />
      {rows.items.map((item, at) => (
        <Row key={rows.keys[at]} {...shared} at={at} value={item} failed={failed.get(at)} />
      ))}
    </div>
  );
}

/** Thousands of rows: only those in sight are drawn. A row that is wrong is brought into sight. */
export function LongTable(props) {
  const { field, columns, rows } = props;
  const t = useText();
  const { failed, grid, shared } = useRowProps(props);
  const { scroller, total, rows: shown, measured, show, hold } = useRowWindow(rows.items.length);
  const wrong = [...failed.keys()].sort((one, other) => one - other);
  useEffect(() => {
    if (wrong.length) show(wrong[0]);
  }, [failed]);
  const count = useRef(rows.items.length);
  useEffect(() => {
    if (rows.items.length === count.current + 1) show(count.current);
    count.current = rows.items.length;
  }, [rows.items.length]);
  const onFocus = (event) => hold(Number(event.target.closest("[data-row]")?.dataset.row ?? -1));
  return (
    <>
      {wrong.length ? <WrongRows rows={wrong} onShow={show} /> : null}
      <div className="rec long" ref={scroller} role="table" aria-label={titleOf(field, t.language)} aria-rowcount={rows.items.length + 1} style={grid} onFocus={onFocus} onBlur={() => hold(-1)}>
        <TableHead columns={columns} hasMore={shared.more.length > 0} />
        <div className="rows" role="rowgroup" style={{ height: total }}>
          {shown.map(({ at, top }) => (
            <Row key={rows.keys[at]} {...shared} at={at} value={rows.items[at]} failed={failed.get(at)} top={top} measured={measured} />
          ))}
        </div>
      </div>
    </>
  );
}

/** How many rows are wrong, and the way from one to the next. */
function WrongRows({ rows, onShow }) {
  const t = useText();
  const [turn, setTurn] = useState(0);
  const next = () => {
    onShow(rows[(turn + 1) % rows.length]);
    setTurn(turn + 1);
  };
  return (
    <div className="row sp hint bad">
      <span>{t("schema.wrong_rows", { n: rows.length })}</span>
      <button type="button" className="lk sm" onClick={next}>
        {t("schema.next_wrong")}
      </button>
    </div>
  );
}

/** Items that no line can hold. */
export function Groups({ field, path, rows, onRemove }) {
  const { disabled, Fields } = useForm();
  const t = useText();
  return rows.items.map((item, at) => (
    <fieldset className="group" key={rows.keys[at]} data-row={at}>
      <div className="row">
        <span className="lbl grow">{t("schema.item", { n: at + 1 })}</span>
        <button type="button" className="ib" aria-label={t("schema.remove_item", { n: at + 1 })} disabled={disabled} onClick={() => onRemove(at)}>
          <Icon name="trash" />
        </button>
      </div>
      <Fields fields={field.columns} path={[...path, at]} values={item} />
      <OwnErrors path={[...path, at]} />
    </fieldset>
  ));
}
