// The frame of a table that its reader arranges, and the menu that arranges it.
import { Icon } from "./icons.jsx";
import { useKept } from "./kept.js";
import { Menu } from "./menu.jsx";
import { useSelection } from "./selection.js";
import { PLAIN, viewOf } from "./table_rules.js";
import { useText } from "./text.js";

function useTableView(name, user) {
  const [view, keep] = useKept(`orch_table_${name}_${user}`, viewOf, PLAIN);
  return [view, (part) => keep({ ...view, ...part })];
}

/** Hides columns by their place (`columns`: `{key, label, at}`), makes rows compact, shows a phone's check boxes. */
export function TableFrame({ name, user, columns, children }) {
  const [view] = useTableView(name, user);
  const { chosen, picking } = useSelection();
  const hidden = (columns || []).filter((column) => view.hidden.includes(column.key)).map((column) => `hide-${column.at}`);
  const look = ["frame", view.compact ? "compact" : "", picking || chosen.size ? "picking" : "", ...hidden];
  return <div className={look.filter(Boolean).join(" ")}>{children}</div>;
}

function Choice({ on, label, onPress }) {
  return (
    <button type="button" role="menuitemcheckbox" aria-checked={on} className="menu-i" onClick={onPress}>
      <span className="tick">{on ? <Icon name="check" className="ok" /> : null}</span>
      {label}
    </button>
  );
}

export function TableOptions({ name, user, columns }) {
  const t = useText();
  const [view, change] = useTableView(name, user);
  const toggle = (key) => {
    const hidden = view.hidden.filter((each) => each !== key);
    change({ hidden: hidden.length === view.hidden.length ? [...hidden, key] : hidden });
  };
  return (
    <Menu label={t("table.options")} icon="columns" className="ib no-phone">
      {(columns || []).map((column) => (
        <Choice key={column.key} on={!view.hidden.includes(column.key)} label={column.label} onPress={() => toggle(column.key)} />
      ))}
      <div className="menu-l" role="separator" />
      <Choice on={view.compact} label={t("table.compact")} onPress={() => change({ compact: !view.compact })} />
    </Menu>
  );
}
