// What a job is going to do, or has done: each step with what stood there and what will, to be read on a phone too.
import { useState } from "react";
import { useAsked } from "./asked.js";
import { Icon } from "./icons.jsx";
import { ACTIONS, PAGE, linesOf, matching, said } from "./plan_lines.js";
import { useText } from "./text.js";

const ICONS = { create: "plus", update: "edit", delete: "minus", error: "warning" };
const TONES = { create: "ok", update: "warn", delete: "bad", error: "bad" };

async function readPlan(href, signal) {
  const answer = await fetch(href, { signal, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`the plan answered ${answer.status}`);
  return { plan: await answer.json() };
}

function Summary({ summary, refused, chosen, onChoose }) {
  const t = useText();
  const counts = { ...summary, error: refused };
  const flip = (action) => onChoose(chosen.includes(action) ? chosen.filter((one) => one !== action) : [...chosen, action]);
  return (
    <div className="dsum num" role="group" aria-label={t("plan.actions")}>
      {ACTIONS.filter((action) => counts[action]).map((action) => (
        <button key={action} type="button" className={TONES[action]} aria-pressed={chosen.includes(action)} onClick={() => flip(action)}>
          <Icon name={ICONS[action]} size={14} />
          {t(`plan.${action}`, { n: counts[action] })}
        </button>
      ))}
      <span className="sec">{t("plan.noop", { n: summary.noop })}</span>
    </div>
  );
}

function Line({ line }) {
  const t = useText();
  return (
    <div className={line.sign === "+" ? "new" : "old"}>
      <span className="sr">{t(line.sign === "+" ? "plan.after" : "plan.before")}</span>
      {line.words.map((word) => (
        <span key={word.name}>
          <small>{word.name}</small> {word.isChanged ? <u>{word.text}</u> : word.text}
        </span>
      ))}
    </div>
  );
}

function Item({ item }) {
  const t = useText();
  return (
    <li className="df">
      <span className={`sg ${TONES[item.action]}`}>
        <Icon name={ICONS[item.action]} size={14} label={t.value("plan.action.", item.action)} />
      </span>
      <b className="kind">{item.kind}</b>
      <span className="name">{said(item.name)}</span>
      <div className="v">
        {linesOf(item).map((line) => (
          <Line key={line.sign} line={line} />
        ))}
        {item.note ? <p className="sec">{said(item.note)}</p> : null}
      </div>
    </li>
  );
}

function Warnings({ warnings }) {
  return warnings.map((warning, place) => (
    <p className="note warn" key={place}>
      <Icon name="warning" />
      <span>{said(warning.message)}</span>
    </p>
  ));
}

function Steps({ plan }) {
  const t = useText();
  const [actions, setActions] = useState([]);
  const [text, setText] = useState("");
  const [drawn, setDrawn] = useState(PAGE);
  const found = matching(plan.items, actions, text);
  const refused = plan.items.filter((item) => item.action === "error").length;
  return (
    <>
      <Summary summary={plan.summary} refused={refused} chosen={actions} onChoose={setActions} />
      {plan.items.length > 10 ? (
        <div className="df-f f">
          <input type="search" className="in" aria-label={t("plan.filter")} placeholder={t("plan.filter")} value={text} onChange={(event) => setText(event.target.value)} />
        </div>
      ) : null}
      <ul className="dfs">
        {found.slice(0, drawn).map((item) => (
          <Item key={`${item.action} ${item.id}`} item={item} />
        ))}
      </ul>
      {found.length ? null : <p className="body sec" role="status">{t(plan.items.length ? "plan.no_match" : "plan.nothing")}</p>}
      {found.length > drawn ? (
        <button type="button" className="btn more-p" onClick={() => setDrawn(drawn + PAGE)}>
          {t("plan.more", { n: found.length - drawn })}
        </button>
      ) : null}
    </>
  );
}

export function PlanView({ href }) {
  const t = useText();
  const [asked, retry] = useAsked((signal) => readPlan(href, signal), [href]);
  if (asked.state === "loading") return <p className="sec body" role="status">{t("state.loading")}</p>;
  if (asked.state === "failed") {
    return (
      <p className="note warn" role="status">
        <Icon name="warning" />
        <span>{t("plan.failed")}</span>
        <button type="button" className="btn s" onClick={retry}>
          {t("action.retry")}
        </button>
      </p>
    );
  }
  const { plan } = asked;
  return (
    <div className="plan">
      <Warnings warnings={plan.warnings} />
      <section className="card" aria-label={t("plan.title", { name: plan.target.name })}>
        <header>
          <h2>{t(plan.direction === "rollback" ? "plan.title_back" : "plan.title", { name: said(plan.target.name) })}</h2>
        </header>
        <Steps plan={plan} />
      </section>
    </div>
  );
}
