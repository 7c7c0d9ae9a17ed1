// Filters that somebody uses again and again, under a name: a menu in the bar of filters.
import { useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { Dialog, DialogCancel, DialogClose } from "./dialog.jsx";
import { Icon } from "./icons.jsx";
import { useKept } from "./kept.js";
import { Menu } from "./menu.jsx";
import { filtersOf, viewsOf, withView } from "./table_rules.js";
import { useText } from "./text.js";

const NONE = [];

function NameDialog({ onClose, onSave }) {
  const t = useText();
  const [name, setName] = useState("");
  const save = (event) => {
    event.preventDefault();
    if (name.trim()) onSave(name.trim());
  };
  return (
    <Dialog open onClose={onClose} label={t("views.save")}>
      <header>
        <h2 className="grow">{t("views.save")}</h2>
        <DialogClose />
      </header>
      <form className="scroll" id="view-form" onSubmit={save}>
        <label className="f">
          <span className="lbl">{t("views.name")}</span>
          <span className="in">
            <input autoFocus value={name} maxLength={60} required autoComplete="off" onChange={(event) => setName(event.target.value)} />
          </span>
          <span className="hint">{t("views.hint")}</span>
        </label>
      </form>
      <footer>
        <DialogCancel />
        <button type="submit" form="view-form" className="btn p">
          {t("action.save")}
        </button>
      </footer>
    </Dialog>
  );
}

export function SavedViews({ name, user }) {
  const t = useText();
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  const [views, keep] = useKept(`orch_views_${name}_${user}`, viewsOf, NONE);
  const [names, setNames] = useState(false);
  const query = filtersOf(search);
  const current = views.find((view) => view.query === query);
  const save = (called) => {
    keep(withView(views, called, query));
    setNames(false);
  };
  return (
    <>
      <Menu label={t("views.title")} icon="tag">
        {views.map((view) => (
          <button key={view.name} type="button" role="menuitem" className="menu-i" aria-current={view === current ? "true" : undefined} onClick={() => navigate(`${pathname}?${view.query}`)}>
            <span className="tick">{view === current ? <Icon name="check" className="ok" /> : null}</span>
            <span className="trunc">{view.name}</span>
          </button>
        ))}
        {views.length ? <div className="menu-l" role="separator" /> : null}
        <button type="button" role="menuitem" className="menu-i" disabled={!query || Boolean(current)} onClick={() => setNames(true)}>
          <Icon name="plus" />
          {t(query || current ? "views.save" : "views.nothing")}
        </button>
        {current ? (
          <button type="button" role="menuitem" className="menu-i" onClick={() => keep(views.filter((view) => view !== current))}>
            <Icon name="trash" />
            {t("views.forget", { name: current.name })}
          </button>
        ) : null}
      </Menu>
      {names ? <NameDialog onClose={() => setNames(false)} onSave={save} /> : null}
    </>
  );
}
