// Notices that come and go, and the copy button. Both exist because the framework's own end in eval, which our CSP forbids.
import { useEffect, useRef, useState } from "react";
import { Icon } from "./icons.jsx";
import { useText } from "./text.js";

const ICONS = { success: ["ok", "ok"], error: ["failed", "bad"], warning: ["warning", "warn"], info: ["info", "sec"] };
const LIFE_MS = 6000;

function Toast({ toast, onDismiss }) {
  const t = useText();
  const [held, setHeld] = useState(false);
  const lasting = toast.kind === "error";
  useEffect(() => {
    if (lasting || held) return undefined;
    const timer = setTimeout(() => onDismiss(toast.id), LIFE_MS);
    return () => clearTimeout(timer);
  }, [toast.id, lasting, held]);
  const [icon, tone] = ICONS[toast.kind] || ICONS.info;
  return (
    <div className="toast" onMouseEnter={() => setHeld(true)} onMouseLeave={() => setHeld(false)} onFocus={() => setHeld(true)}>
      <Icon name={icon} className={tone} />
      <div className="grow break">
        <div className="b5">{toast.key ? t(toast.key, toast.params) : toast.text}</div>
        {toast.detail ? <div className="sec sm mt4">{toast.detail}</div> : null}
      </div>
      <button type="button" className="ib" aria-label={t("action.dismiss")} onClick={() => onDismiss(toast.id)}>
        <Icon name="close" size={14} />
      </button>
    </div>
  );
}

/** The corner where notices appear: `{id, kind, key?, params?, text?, detail?}`. Errors stay until dismissed. */
export function ToastArea({ toasts, onDismiss }) {
  return (
    <div className="toasts" role="status" aria-live="polite">
      {(toasts || []).map((toast) => (
        <Toast key={toast.id} toast={toast} onDismiss={onDismiss} />
      ))}
    </div>
  );
}

/** Put text on the clipboard; without a secure context the old selection command does it. */
export async function copyText(value) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(value);
  const area = document.createElement("textarea");
  area.value = value;
  area.style.position = "fixed";
  area.style.opacity = "0";
  (document.querySelector("dialog[open]") || document.body).append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  return undefined;
}

/** A button that copies `value` and says so for two seconds. */
export function CopyButton({ value, text, label, className }) {
  const t = useText();
  const [done, setDone] = useState(false);
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onClick = async () => {
    await copyText(String(value ?? ""));
    setDone(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setDone(false), 2000);
  };
  const said = done ? t("action.copied") : label || t("action.copy");
  return (
    <button type="button" className={className || (text ? "btn s" : "ib")} aria-label={text ? undefined : said} title={said} onClick={onClick}>
      <Icon name={done ? "check" : "copy"} className={done ? "ok" : ""} />
      {text ? (done ? t("action.copied") : text) : null}
      <span className="sr" role="status">
        {done ? t("action.copied") : ""}
      </span>
    </button>
  );
}

/** A menu entry that copies a path of this site as a whole address. */
export function CopyItem({ href, text, onCopied }) {
  const onClick = async () => {
    await copyText(new URL(href, location.href).href);
    onCopied?.();
  };
  return (
    <button type="button" role="menuitem" className="menu-i" onClick={onClick}>
      <Icon name="link" />
      {text}
    </button>
  );
}
