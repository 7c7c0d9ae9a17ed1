// What every part of a form shares: how a value is changed, what is wrong, and how fields inside of fields are drawn.
import { createContext, useContext } from "react";
import { pointerOf, titleOf } from "./values.js";

export const FormContext = createContext(null);

/**
 * `{change(path, value, errorsAfter), valueAt(path), errors, disabled, Fields, choices}`; `choices` is `{url, connections, environment}`,
 * null where nobody can be asked.
 */
export function useForm() {
  return useContext(FormContext);
}

/** Label, hint, unit and placeholder of a field in the reader's language. */
export function labels(field, t) {
  const help = t.language === "pt-BR" ? field.helpPt || field.help : field.help;
  return { label: titleOf(field, t.language), hint: help, unit: field.unit, placeholder: field.placeholder };
}

/** What may be chosen, as `{value, label}` in the reader's language. */
export function optionsOf(field, t) {
  return worded(field.options, t);
}

/** Values of a number that have a word of their own, as `{value, label}`. */
export function namedOf(field, t) {
  return worded(field.named, t);
}

function worded(options, t) {
  return (options || []).map((option) => ({ value: option.value, label: (t.language === "pt-BR" && option.labelPt) || option.label || String(option.value) }));
}

/** Changes one value; what is empty and need not be there is taken away. `errorsAfter(errors, pointer)`: which of them still hold. */
export function usePut(path, required) {
  const { change } = useForm();
  return (value, errorsAfter) => {
    const isEmpty = Array.isArray(value) ? !value.length : value !== null && typeof value === "object" && !Object.keys(value).length;
    change(path, isEmpty && !required ? undefined : value, errorsAfter);
  };
}

export function useError(path) {
  const { errors } = useForm();
  return errors[pointerOf(path)];
}
