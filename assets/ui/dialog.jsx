// Modal, drawer and sheet on the native <dialog>: focus stays inside, Esc closes, focus returns to where it was.
import { createContext, useContext, useEffect, useId, useRef, useState } from "react";
import { FieldError } from "./fields.jsx";
import { Icon } from "./icons.jsx";
import { useText } from "./text.js";

const CloseContext = createContext(() => {});

/** The heading is read aloud first, and no button lights up before somebody uses the keyboard. */
function focusHeading(dialog) {
  const heading = dialog.querySelector(":scope > header h2");
  if (!heading || dialog.querySelector("[autofocus]")) return;
  heading.tabIndex = -1;
  heading.focus();
}

/** A dialog that follows `open`. `kind` is the class: modal, modal wide, drawer, sheet, pal. */
export function Dialog({ open, onClose, kind = "modal", label, stay = false, children }) {
  const box = useRef(null);
  const close = () => {
    if (box.current?.open) box.current.close();
    if (onClose) onClose();
  };
  useEffect(() => {
    const dialog = box.current;
    if (open && !dialog.open) {
      dialog.showModal();
      focusHeading(dialog);
    }
    if (!open && dialog.open) dialog.close();
    return () => {
      if (dialog.open) dialog.close();
    };
  }, [open]);
  const onBackdrop = (event) => {
    if (stay || event.target !== box.current) return;
    const area = box.current.getBoundingClientRect();
    const inside = event.clientX >= area.left && event.clientX <= area.right && event.clientY >= area.top && event.clientY <= area.bottom;
    if (!inside) close();
  };
  const onCancel = (event) => {
    if (event.target !== box.current) return;
    event.preventDefault();
    close();
  };
  return (
    <dialog ref={box} className={kind} aria-label={label} onCancel={onCancel} onMouseDown={onBackdrop}>
      <CloseContext value={close}>{open ? children : null}</CloseContext>
    </dialog>
  );
}

/** The cross in a dialog's header. */
export function DialogClose() {
  const close = useContext(CloseContext);
  const t = useText();
  return (
    <button type="button" className="ib" aria-label={t("action.close")} onClick={close}>
      <Icon name="close" size={20} />
    </button>
  );
}

/** A "Cancel" button in a dialog's footer. */
export function DialogCancel({ text }) {
  const close = useContext(CloseContext);
  const t = useText();
  return (
    <button type="button" className="btn g" onClick={close}>
      {text || t("action.cancel")}
    </button>
  );
}

/** The heart of a confirm dialog: the action waits until the name was typed, when one is asked for. */
export function ConfirmButton({ text, name, danger = false, busy = false, onConfirm }) {
  const t = useText();
  const id = useId();
  const field = useRef(null);
  const [typed, setTyped] = useState("");
  const [isTold, setTold] = useState(false);
  const fits = !name || typed.trim() === name;
  const confirm = () => {
    if (busy) return;
    if (fits) {
      onConfirm();
      return;
    }
    setTold(true);
    field.current.focus();
  };
  const press = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    confirm();
  };
  return (
    <>
      {name ? (
        <div className="f grow">
          <label className="lbl" htmlFor={id}>
            {t("confirm.type_name", { name })}
          </label>
          <span className="in code">
            <input id={id} ref={field} value={typed} autoComplete="off" autoCapitalize="off" spellCheck={false} aria-invalid={isTold && !fits ? true : undefined} aria-describedby={isTold && !fits ? `${id}-e` : undefined} onChange={(event) => setTyped(event.target.value)} onKeyDown={press} />
          </span>
          {isTold && !fits ? <FieldError id={`${id}-e`} text={t("confirm.type_exactly", { name })} /> : null}
        </div>
      ) : null}
      <DialogCancel text={t("action.back")} />
      <button type="button" className={danger ? "btn d" : "btn p"} aria-busy={busy} aria-disabled={fits ? undefined : true} disabled={busy} onClick={confirm}>
        {text}
      </button>
    </>
  );
}
