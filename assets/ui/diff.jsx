// A unified diff to be read: what went and what came, first a page of it, so that a long file does not hold up the others.
import { useMemo, useState } from "react";
import { counted, diffLines } from "./diff_lines.js";
import { useText } from "./text.js";

const PAGE = 120;

export function TextDiff({ text, label }) {
  const t = useText();
  const lines = useMemo(() => diffLines(text), [text]);
  const [drawn, setDrawn] = useState(PAGE);
  const { added, removed } = counted(lines);
  return (
    <div className="tdiff">
      <p className="sec sm num">
        {t("diff.added", { n: added })}, {t("diff.removed", { n: removed })}
      </p>
      <pre tabIndex={0} role="region" aria-label={label}>
        {lines.slice(0, drawn).map((line, place) => (
          <span key={place} className={line.kind}>
            {line.text || " "}
          </span>
        ))}
      </pre>
      {lines.length > drawn ? (
        <button type="button" className="btn s" onClick={() => setDrawn(drawn + 5 * PAGE)}>
          {t("diff.more", { n: lines.length - drawn })}
        </button>
      ) : null}
    </div>
  );
}
