// Which tasks run: of the tags that a runbook offers, those that are wanted and those that are left out.
import { pressed } from "./tag_rules.js";
import { useText } from "./text.js";

export function TagChoice({ tags, only, skip, disabled = false, onChange }) {
  const t = useText();
  const chosen = { only: only || [], skip: skip || [] };
  const group = (place, label) => (
    <div className="f tagc" role="group" aria-label={label}>
      <span className="lbl">{label}</span>
      <div className="row wrap">
        {(tags || []).map((tag) => (
          <button key={tag} type="button" className="lab" aria-pressed={chosen[place].includes(tag)} disabled={disabled} onClick={() => onChange(pressed(chosen, place, tag))}>
            {tag}
          </button>
        ))}
      </div>
    </div>
  );
  return (
    <div className="f2">
      {group("only", t("tags.only"))}
      {group("skip", t("tags.skip"))}
    </div>
  );
}
