// A list of objects. With simple columns it is an editable table, else one group per item.
import { useEffect, useRef, useState } from "react";
import { Icon } from "../icons.jsx";
import { useText } from "../text.js";
import { inRow, isBlank } from "./columns.js";
import { useForm, usePut } from "./context.js";
import { cells, filledFrom } from "./delimited.js";
import { focusWhenDrawn } from "./focus.js";
import { Heading, OwnErrors } from "./heading.jsx";
import { ImportPanel } from "./import_panel.jsx";
import { readTable } from "./imports.js";
import { Groups, LongTable, ShortTable } from "./table_views.jsx";
import { errorsWithoutRow, initialValues, titleOf } from "./values.js";

const MOST_AT_ONCE = 50; // more rows get a box of their own, which draws what is in sight

/** Rows as the form has them, what can be done to them, and keys by which React knows them. */
function useRows({ field, path, value, required }) {
  const put = usePut(path, required);
  const { valueAt } = useForm();
  const keys = useRef([]);
  const next = useRef(0);
  const items = Array.isArray(value) ? value : [];
  while (keys.current.length < items.length) keys.current.push(next.current++);
  keys.current.length = items.length;
  const now = () => valueAt(path) || [];
  const fresh = () => initialValues(field.columns);
  return {
    items,
    keys: keys.current,
    isFull: field.maxItems !== undefined && items.length >= field.maxItems,
    add: () => put([...now(), fresh()], (errors) => errors),
    remove: (at) => {
      keys.current.splice(at, 1);
      put(
        now().filter((_, place) => place !== at),
        (errors, pointer) => errorsWithoutRow(errors, pointer, at),
      );
    },
    append: (more) => put([...now().filter((row) => !isBlank(row, fresh())), ...more.map((row) => ({ ...fresh(), ...row }))]),
    replace: (more) => put(more.map((row) => ({ ...fresh(), ...row }))),
    fill: (block, cell) => put(filledFrom(now(), block, cell, inRow(field), fresh())),
  };
}

export function Rows(props) {
  const { field, path, required } = props;
  const { disabled } = useForm();
  const t = useText();
  const rows = useRows(props);
  const [text, setText] = useState(null); // what the import panel shows; null while it is closed
  const [told, setTold] = useState("");
  const box = useRef(null);
  const wanted = useRef(null); // where the focus goes once the rows are drawn
  const columns = inRow(field);
  const isLong = rows.items.length > MOST_AT_ONCE;
  useEffect(() => {
    if (!wanted.current) return;
    const { at, column } = wanted.current;
    wanted.current = null;
    const row = Math.min(at, rows.items.length - 1);
    focusWhenDrawn(() => (row < 0 ? buttonBelow(box.current) : controlIn(box.current, row, column)));
  }, [rows.items.length]);
  const add = (column = columns[0]?.name) => {
    if (rows.isFull || disabled) return;
    wanted.current = { at: rows.items.length, column };
    rows.add();
  };
  const remove = (at) => {
    wanted.current = { at, column: "" };
    rows.remove(at);
  };
  const take = (found, how) => {
    rows[how](found.items);
    setText(null);
    setTold(t("schema.import.done", { n: found.items.length }));
  };
  const onPaste = (event) => {
    const pasted = event.clipboardData.getData("text");
    const cell = cellOf(event.target, columns);
    if (disabled || !/[\t\n]/.test(pasted.trim()) || (!cell && event.target.closest("[data-row]"))) return;
    const found = readTable(pasted, field);
    event.preventDefault();
    if (found.faults.length) setText(pasted);
    else if (found.isWhole || !cell) take(found, "append");
    else rows.fill(cells(pasted, pasted.includes("\t") ? "\t" : undefined), cell);
  };
  const onKeyDown = (event) => {
    const step = event.defaultPrevented ? 0 : { ArrowDown: 1, ArrowUp: -1, Enter: 1 }[event.key];
    const cell = step && event.target.matches("input:not([type=checkbox])") && !event.ctrlKey && !event.metaKey ? cellOf(event.target, columns) : null;
    if (!cell || cell.row + step < 0) return;
    event.preventDefault();
    if (cell.row + step < rows.items.length) controlIn(box.current, cell.row + step, columns[cell.column].name)?.focus();
    else if (event.key === "Enter") add();
  };
  const name = titleOf({ title: field.itemTitle, titlePt: field.itemTitlePt }, t.language).toLowerCase();
  const importing = disabled || !columns.length ? null : (
    <button type="button" className="lk sm" aria-expanded={text !== null} onClick={() => setText(text === null ? "" : null)}>
      {t(field.import?.includes("zone") ? "schema.import.open_zone" : "schema.import.open")}
    </button>
  );
  const List = columns.length ? (isLong ? LongTable : ShortTable) : Groups;
  return (
    <div className="f wide" ref={box} onPaste={onPaste} onKeyDown={onKeyDown}>
      <Heading field={field} count={rows.items.length} required={required} aside={importing} />
      {text === null ? null : <ImportPanel key={text} field={field} start={text} onTake={take} onClose={() => setText(null)} hasRows={rows.items.length > 0} />}
      {rows.items.length ? <List field={field} path={path} columns={columns} rows={rows} onRemove={remove} /> : null}
      <OwnErrors path={path} />
      <div className="row sp">
        <button type="button" className="btn s" disabled={disabled || rows.isFull} onClick={() => add()}>
          <Icon name="plus" size={14} />
          {name ? t("schema.add_item", { name }) : t("schema.add")}
        </button>
        <span className="sec sm" role="status">
          {told}
        </span>
      </div>
    </div>
  );
}

/** Where a control stands; null outside of the cells. */
function cellOf(element, columns) {
  const cell = element.closest("[data-col]");
  const row = element.closest("[data-row]");
  const column = cell ? columns.findIndex((each) => each.name === cell.dataset.col) : -1;
  return row && column >= 0 ? { row: Number(row.dataset.row), column } : null;
}

/** The control of a cell; without a column the row's own button. Null while the row is not drawn. */
function controlIn(box, at, column) {
  const row = box?.querySelector(`[data-row="${at}"]`);
  const place = column ? `[data-col="${CSS.escape(column)}"] :is(input, select, textarea)` : ".del .ib";
  return row?.querySelector(place) || row?.querySelector(column ? "input, select, textarea" : ".ib");
}

function buttonBelow(box) {
  return [...box.querySelectorAll(".btn.s")].at(-1);
}
