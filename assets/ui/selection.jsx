// Choosing rows of the list of jobs, and what can be done with them together.
import { useEffect, useState } from "react";
import { ConfirmButton, Dialog, DialogClose } from "./dialog.jsx";
import { Icon } from "./icons.jsx";
import { choose, chooseTo, clearSelection, keepOnly, startPicking, useSelection } from "./selection.js";
import { isTyping } from "./shortcuts.js";
import { useText } from "./text.js";

const LIVE = new Set(["PENDING", "RUNNING"]);

const shownIds = () => [...document.querySelectorAll("input[data-pick]")].map((box) => box.dataset.pick);

/** The check box of one row; with Shift every row from the last one pressed to this one follows. */
export function SelectRow({ row, name }) {
  const t = useText();
  const { chosen } = useSelection();
  const press = (event) => {
    const on = event.target.checked;
    if (event.nativeEvent.shiftKey) chooseTo(shownIds(), row, on);
    else choose([row], on);
  };
  return (
    <label className="check">
      <input type="checkbox" data-pick={row} checked={chosen.has(row)} aria-label={t("jobs.choose", { name })} onChange={press} />
    </label>
  );
}

/** The check box of the heading: all rows of the page, or none. */
export function SelectAll({ rows }) {
  const t = useText();
  const { chosen } = useSelection();
  const ids = (rows || []).map((row) => row.id);
  const all = ids.length > 0 && ids.every((id) => chosen.has(id));
  const some = !all && ids.some((id) => chosen.has(id));
  const mark = (box) => {
    if (box) box.indeterminate = some;
  };
  return (
    <label className="check">
      <input ref={mark} type="checkbox" checked={all} aria-label={t("jobs.choose_all")} onChange={(event) => choose(ids, event.target.checked)} />
    </label>
  );
}

/** A phone shows check boxes only when somebody wants to choose: this entry of a menu says so. */
export function PickItem() {
  const t = useText();
  return (
    <button type="button" role="menuitem" className="menu-i" onClick={startPicking}>
      <Icon name="check" />
      {t("jobs.choose_some")}
    </button>
  );
}

/** Esc takes the choice away when nothing else is open. */
function useEscape() {
  useEffect(() => {
    const onKey = (event) => {
      if (event.key !== "Escape" || isTyping(event.target) || document.querySelector("dialog[open], :popover-open")) return;
      clearSelection();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

function AskDialog({ jobs, title, body, action, name, onClose, onConfirm }) {
  return (
    <Dialog open onClose={onClose} label={title}>
      <header>
        <h2 className="grow">{title}</h2>
        <DialogClose />
      </header>
      <div className="scroll">
        <p>{body}</p>
        <p className="num sec break">{jobs.map((job) => job.number).join(" · ")}</p>
      </div>
      <footer>
        <ConfirmButton text={action} name={name} danger onConfirm={onConfirm} />
      </footer>
    </Dialog>
  );
}

function CancelDialog({ jobs, ...rest }) {
  const t = useText();
  return <AskDialog jobs={jobs} {...rest} title={t("jobs.bulk_cancel_title", { n: jobs.length })} body={t("jobs.bulk_cancel_body")} action={t("jobs.bulk_cancel_confirm", { n: jobs.length })} />;
}

function DeleteDialog({ jobs, ...rest }) {
  const t = useText();
  return <AskDialog jobs={jobs} {...rest} title={t("jobs.bulk_delete_title", { n: jobs.length })} body={t("jobs.bulk_delete_body")} action={t("jobs.bulk_delete_confirm", { n: jobs.length })} />;
}

/** Only where one of them is of high risk and in production: whose name has to be typed. */
function RetryDialog({ jobs, ...rest }) {
  const t = useText();
  return <AskDialog jobs={jobs} {...rest} title={t("jobs.bulk_retry_title", { n: jobs.length })} body={t("jobs.bulk_retry_body")} action={t("grave.action")} name="prod" />;
}

/** Appears with the first chosen row. Each action is offered for those of them that it can be done with. */
export function SelectionBar({ rows, mayCancel, mayRetry, mayDelete, onCancel, onRetry, onDelete }) {
  const t = useText();
  const { chosen, picking } = useSelection();
  const [asks, setAsks] = useState("");
  const ids = (rows || []).map((row) => row.id);
  useEffect(() => keepOnly(ids), [ids.join()]);
  useEffect(() => clearSelection, []);
  useEscape();
  const picked = (rows || []).filter((row) => chosen.has(row.id));
  if (!picked.length && !picking) return null;
  const live = picked.filter((row) => LIVE.has(row.status));
  const over = picked.filter((row) => !LIVE.has(row.status));
  const send = (tell, jobs) => {
    setAsks("");
    clearSelection();
    tell(jobs.map((job) => job.id));
  };
  const file = `/v1/jobs?format=csv&${picked.map((row) => `id=${encodeURIComponent(row.id)}`).join("&")}`;
  return (
    <section className="bulk" aria-label={t("jobs.bulk")}>
      <b className="num" role="status">
        {t("jobs.chosen", { n: picked.length })}
      </b>
      <span className="bulk-a">
        {mayRetry && over.length ? (
          <button type="button" className="btn s" onClick={() => (over.some((job) => job.isGrave) ? setAsks("retry") : send(onRetry, over))}>
            <Icon name="retry" size={14} />
            {t("jobs.bulk_retry", { n: over.length })}
          </button>
        ) : null}
        {mayCancel && live.length ? (
          <button type="button" className="btn s d" onClick={() => setAsks("cancel")}>
            <Icon name="stop" size={14} />
            {t("jobs.bulk_cancel", { n: live.length })}
          </button>
        ) : null}
        {mayDelete && over.length ? (
          <button type="button" className="btn s d" onClick={() => setAsks("delete")}>
            <Icon name="trash" size={14} />
            {t("jobs.bulk_delete", { n: over.length })}
          </button>
        ) : null}
        {picked.length ? (
          <a className="btn s" href={file} download>
            <Icon name="download" size={14} />
            {t("jobs.export")}
          </a>
        ) : null}
      </span>
      <button type="button" className="ib" aria-label={t("jobs.choose_none")} title={`${t("jobs.choose_none")} (Esc)`} onClick={clearSelection}>
        <Icon name="close" />
      </button>
      {asks === "retry" ? <RetryDialog jobs={over} onClose={() => setAsks("")} onConfirm={() => send(onRetry, over)} /> : null}
      {asks === "cancel" ? <CancelDialog jobs={live} onClose={() => setAsks("")} onConfirm={() => send(onCancel, live)} /> : null}
      {asks === "delete" ? <DeleteDialog jobs={over} onClose={() => setAsks("")} onConfirm={() => send(onDelete, over)} /> : null}
    </section>
  );
}
