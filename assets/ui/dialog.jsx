// Modal, drawer and sheet on the native <dialog>: focus stays inside, Esc closes, focus returns to where it was.
import { createContext, useContext, useEffect, useRef } from "react";
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
  const field = useRef(null);
  const confirm = () => {
    if (name && field.current.value.trim() !== name) {
      field.current.setAttribute("aria-invalid", "true");
      field.current.focus();
      return;
    }
    onConfirm();
  };
  return (
    <>
      {name ? (
        <label className="f grow">
          <span className="lbl">{t("confirm.type_name", { name })}</span>
          <span className="in code">
            <input ref={field} autoComplete="off" autoCapitalize="off" spellCheck={false} />
          </span>
        </label>
      ) : null}
      <DialogCancel text={t("action.back")} />
      <button type="button" className={danger ? "btn d" : "btn p"} aria-busy={busy} disabled={busy} onClick={confirm}>
        {text}
      </button>
    </>
  );
}
