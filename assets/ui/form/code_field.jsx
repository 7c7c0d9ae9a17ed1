// Text that is code or a file's content: numbered lines, Tab indents, a file can be loaded or dropped.
import { useId, useLayoutEffect, useRef, useState } from "react";
import { Field, useDraft } from "../fields.jsx";
import { Icon } from "../icons.jsx";
import { useText } from "../text.js";
import { continued, indented, lineNumbers, readText } from "./code_text.js";

/**
 * Tab moves on, as everywhere, until something is typed or clicked; then it indents, and Esc lets go of it again. Without
 * that, nobody could get past the field by keyboard.
 */
export function CodeField({ field = {}, value, onChange, label, hint, error, optional, disabled, placeholder, rows = 8 }) {
  const t = useText();
  const helpId = useId();
  const [draft, setDraft, flush] = useDraft(value, onChange);
  const [fault, setFault] = useState("");
  const [holdsTab, setHoldsTab] = useState(false);
  const area = useRef(null);
  const gutter = useRef(null);
  const caret = useRef(null);
  useLayoutEffect(() => {
    // What was pasted may have scrolled the text before its numbers were there.
    gutter.current.scrollTop = area.current.scrollTop;
  }, [draft]);
  useLayoutEffect(() => {
    if (!caret.current) return;
    area.current.setSelectionRange(caret.current.from, caret.current.to);
    caret.current = null;
  }, [draft]);
  useLayoutEffect(() => {
    gutter.current.scrollTop = area.current.scrollTop; // the text may have scrolled before its numbers were there
  }, [draft]);
  const edit = (next) => {
    caret.current = next;
    setDraft(next.text);
  };
  const onKeyDown = (event) => {
    const { selectionStart: from, selectionEnd: to } = area.current;
    if (event.key === "Escape" && holdsTab) {
      event.preventDefault();
      event.stopPropagation();
      setHoldsTab(false);
    } else if (event.key === "Tab" && holdsTab) {
      event.preventDefault();
      edit(indented(draft, from, to, event.shiftKey));
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      edit(continued(draft, from, to));
    }
  };
  const load = async (file) => {
    if (!file) return;
    const found = await readText(file, field.maxLength);
    setFault(found.fault ? t(`schema.file.${found.fault}`, { n: Math.floor((found.limit || 0) / 1024) }) : "");
    if (found.text !== undefined) {
      setDraft(found.text);
      onChange(found.text);
    }
  };
  const onDrop = (event) => {
    if (disabled || !event.dataTransfer.files.length) return;
    event.preventDefault();
    load(event.dataTransfer.files[0]);
  };
  return (
    <Field label={label} hint={hint} error={error || fault} optional={optional}>
      {(access) => (
        <>
          <div className={`in area code codef ${error || fault ? "err" : ""}`} onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
            <pre ref={gutter} className="num" aria-hidden="true">
              {lineNumbers(draft)}
            </pre>
            <textarea
              {...access}
              ref={area}
              rows={rows}
              value={draft}
              placeholder={placeholder}
              disabled={disabled}
              wrap="off"
              spellCheck={false}
              autoCapitalize="off"
              autoComplete="off"
              aria-describedby={[access["aria-describedby"], helpId].filter(Boolean).join(" ")}
              onChange={(event) => {
                setHoldsTab(true);
                setDraft(event.target.value);
              }}
              onPointerDown={() => setHoldsTab(true)}
              onBlur={() => {
                setHoldsTab(false);
                flush();
              }}
              onKeyDown={onKeyDown}
              onScroll={() => {
                gutter.current.scrollTop = area.current.scrollTop;
              }}
            />
          </div>
          <div className="row sp">
            <FileButton text={t("schema.file.load")} disabled={disabled} onFile={load} />
            <span className="hint" id={helpId}>
              {holdsTab ? t("schema.code.leave") : ""}
            </span>
          </div>
        </>
      )}
    </Field>
  );
}

/** Opens the choice of a file; the same file may be chosen again. */
export function FileButton({ text, accept, disabled, onFile }) {
  const input = useRef(null);
  const take = (event) => {
    onFile(event.target.files[0]);
    event.target.value = "";
  };
  return (
    <>
      <input ref={input} type="file" accept={accept} hidden onChange={take} />
      <button type="button" className="btn s g" disabled={disabled} onClick={() => input.current.click()}>
        <Icon name="upload" size={14} />
        {text}
      </button>
    </>
  );
}
