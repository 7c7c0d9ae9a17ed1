// One control for a value without parts.
import { CheckField, PasswordField, SelectField, TextField } from "../fields.jsx";
import { useText } from "../text.js";
import { ChoiceField } from "./choice_field.jsx";
import { CodeField } from "./code_field.jsx";
import { labels, namedOf, optionsOf, useError, useForm } from "./context.js";
import { JsonField } from "./json_field.jsx";
import { toNumber } from "./values.js";

const INPUT_MODES = { integer: "numeric", number: "decimal" };

/** `bare` leaves label, hint and error to the table around it. */
export function Scalar({ field, path, value, required, bare }) {
  const { change, disabled, choices } = useForm();
  const t = useText();
  const { label, hint, unit, placeholder } = labels(field, t);
  const shared = { label, hint, bare, disabled, error: useError(path), optional: !required && !bare };
  const put = (next) => change(path, next);
  const putText = (text) => put(text === "" ? undefined : text);
  if (field.choices && choices) return <ChoiceField {...shared} field={field} path={path} value={value} placeholder={placeholder} onChange={put} />;
  switch (field.kind) {
    case "boolean":
      return <CheckField {...shared} look="switch" checked={Boolean(value)} onChange={put} />;
    case "enum":
      return <SelectField {...shared} value={value} options={optionsOf(field, t)} placeholder={required && value !== undefined ? undefined : t(required ? "schema.choose" : "schema.unset")} onChange={(chosen) => put(chosen === "" ? undefined : chosen)} />;
    case "password":
      return <PasswordField {...shared} name="" value={value ?? ""} autoComplete="off" onChange={putText} />;
    case "integer":
    case "number":
      return <NumberField {...shared} field={field} value={value} unit={bare ? undefined : unit} placeholder={placeholder} onChange={put} />;
    case "code":
    case "file":
      return <CodeField {...shared} field={field} value={value} placeholder={placeholder} onChange={putText} />;
    case "json":
      return <JsonField {...shared} value={value} onChange={put} />;
    default:
      return <TextField {...shared} value={asText(value)} unit={bare ? undefined : unit} placeholder={placeholder} rows={field.kind === "textarea" ? 4 : undefined} code={bare} maxLength={field.maxLength} onChange={putText} />;
  }
}

/** A number; some values are shown, and may be typed, as their word. */
function NumberField({ field, value, onChange, bare, ...shared }) {
  const t = useText();
  const named = namedOf(field, t);
  const shown = named.find((option) => option.value === value)?.label ?? asText(value);
  const take = (text) => {
    const word = named.find((option) => option.label.toLowerCase() === text.trim().toLowerCase());
    onChange(word ? word.value : toNumber(text, field.kind === "integer"));
  };
  return <TextField {...shared} bare={bare} code={bare} value={shown} inputMode={named.length ? undefined : INPUT_MODES[field.kind]} onChange={take} />;
}

function asText(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
