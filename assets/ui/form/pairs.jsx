// An object with free keys: pairs of name and value.
import { useState } from "react";
import { Icon } from "../icons.jsx";
import { useText } from "../text.js";
import { useForm, usePut } from "./context.js";
import { Heading, OwnErrors } from "./heading.jsx";
import { readPairs } from "./imports.js";
import { Scalar } from "./scalar.jsx";
import { initialValue, titleOf } from "./values.js";

/** Into the field for a new name a whole NAME=value may be typed, or lines of an env file pasted. */
export function Pairs({ field, path, value, required }) {
  const { disabled } = useForm();
  const t = useText();
  const [draft, setDraft] = useState("");
  const put = usePut(path, required);
  const pairs = Object.entries(value || {});
  const add = () => {
    const name = draft.trim();
    const written = readPairs(name);
    if (!name || (!written && value && name in value)) return;
    put({ ...value, ...(written || { [name]: initialValue(field.item) ?? "" }) });
    setDraft("");
  };
  const onKeyDown = (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    add();
  };
  const onPaste = (event) => {
    const found = readPairs(event.clipboardData.getData("text"));
    if (!found) return;
    event.preventDefault();
    put({ ...value, ...found });
  };
  return (
    <fieldset className="group f wide">
      <Heading field={field} count={pairs.length} required={required} />
      {pairs.map(([name, item]) => (
        <div className="pair" key={name}>
          <Scalar field={{ ...field.item, name, title: name, titlePt: name }} path={[...path, name]} value={item === "" ? undefined : item} required />
          <button type="button" className="ib" aria-label={t("schema.remove", { name })} disabled={disabled} onClick={() => put(Object.fromEntries(pairs.filter(([each]) => each !== name)))}>
            <Icon name="trash" />
          </button>
        </div>
      ))}
      <div className="row">
        <div className="in code grow">
          <input value={draft} aria-label={t("schema.add_item", { name: titleOf(field, t.language) })} placeholder={t("schema.pair_hint")} disabled={disabled} onChange={(event) => setDraft(event.target.value)} onKeyDown={onKeyDown} onPaste={onPaste} />
        </div>
        <button type="button" className="btn s" disabled={disabled || !draft.trim()} onClick={add}>
          <Icon name="plus" size={14} />
          {t("schema.add")}
        </button>
      </div>
      <OwnErrors path={path} />
    </fieldset>
  );
}
