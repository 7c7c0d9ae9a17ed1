// Objects: a group of fields, one that is switched on as a whole, and one of several shapes.
import { useRef } from "react";
import { CheckField, Segmented, SelectField } from "../fields.jsx";
import { useText } from "../text.js";
import { labels, useForm } from "./context.js";
import { Heading, OwnErrors } from "./heading.jsx";
import { initialValues, isSwitched, titleOf, variantOf } from "./values.js";

const MOST_SIDE_BY_SIDE = 3;

export function Group({ field, path, value, required }) {
  const { Fields } = useForm();
  const isOptional = isSwitched(field) && !required;
  return (
    <fieldset className="group wide">
      {isOptional ? <GroupSwitch field={field} path={path} isOn={value !== undefined} /> : <Heading field={field} required={required} />}
      {isOptional && value === undefined ? null : <Fields fields={field.fields} path={path} values={value} />}
      <OwnErrors path={path} />
    </fieldset>
  );
}

/** What was filled in comes back when the group is switched on again. */
function GroupSwitch({ field, path, isOn }) {
  const { change, disabled, valueAt } = useForm();
  const t = useText();
  const kept = useRef(undefined);
  const { label, hint } = labels(field, t);
  const turn = (on) => {
    if (!on) kept.current = valueAt(path);
    change(path, on ? kept.current || initialValues(field.fields) : undefined);
  };
  return <CheckField label={label} hint={hint} look="switch" checked={isOn} disabled={disabled} onChange={turn} />;
}

/** One of several shapes: choose, then fill. Only the chosen one is sent; the others are remembered while the form is open. */
export function Variant({ field, path, value, required }) {
  const { change, disabled, Fields } = useForm();
  const t = useText();
  const last = useRef(0);
  const kept = useRef(new Map());
  const fits = variantOf(field.variants, value);
  if (fits >= 0 && variantOf([field.variants[last.current]], value) < 0) last.current = fits;
  const at = last.current;
  const pick = (next) => {
    if (next === at) return;
    kept.current.set(at, value);
    last.current = next;
    change(path, kept.current.get(next) || initialValues(field.variants[next].fields));
  };
  const options = field.variants.map((variant, place) => ({ value: place, label: titleOf(variant, t.language) }));
  const Chooser = options.length > MOST_SIDE_BY_SIDE || disabled ? SelectField : Segmented;
  return (
    <fieldset className="group f wide">
      <Heading field={field} required={required} />
      <Chooser label={titleOf(field, t.language)} labelHidden value={at} options={options} disabled={disabled} onChange={pick} />
      <Fields fields={field.variants[at].fields} path={path} values={value} />
      <OwnErrors path={path} />
    </fieldset>
  );
}
