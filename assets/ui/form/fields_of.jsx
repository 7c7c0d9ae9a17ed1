// The fields of an object, each by the component for its kind.
import { useForm } from "./context.js";
import { Group, Variant } from "./groups.jsx";
import { Checks, Chips, ChosenChips } from "./lists.jsx";
import { Pairs } from "./pairs.jsx";
import { Scalar } from "./scalar.jsx";
import { Rows } from "./table.jsx";
import { isRequired, isShown } from "./values.js";

const PARTS = { object: Group, variant: Variant, table: Rows, map: Pairs };
const WIDE = new Set(["textarea", "code", "file", "json"]);

function One(props) {
  const { field } = props;
  const { choices } = useForm();
  const Part = field.kind === "array" ? listOf(field.item, choices) : PARTS[field.kind];
  if (Part) return <Part {...props} />;
  return (
    <div className={WIDE.has(field.kind) ? "wide" : ""}>
      <Scalar {...props} />
    </div>
  );
}

function listOf(item, choices) {
  if (item.options) return Checks;
  return item.choices && choices ? ChosenChips : Chips;
}

export function Fields({ fields, path, values }) {
  return (
    <div className="f2">
      {fields
        .filter((field) => isShown(field, values))
        .map((field) => (
          <One key={field.pointer || field.name} field={field} path={[...path, field.name]} value={values?.[field.name]} required={isRequired(field, values)} />
        ))}
    </div>
  );
}
