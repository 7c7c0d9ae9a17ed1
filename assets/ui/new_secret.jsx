// A secret that is made on a press and shown this once: it comes by REST and is kept nowhere but in what is drawn.
import { useState } from "react";
import { Icon } from "./icons.jsx";
import { CopyButton } from "./notices.jsx";
import { useText } from "./text.js";

/** The secret of the answer, or `{code}` of what was refused. */
async function made(url) {
  try {
    const answer = await fetch(url, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: "{}" });
    const body = await answer.json().catch(() => ({}));
    return answer.ok ? { secret: body.secret } : { code: body.code || "internal_error" };
  } catch {
    return { code: "unavailable" };
  }
}

/** `asks` says that a secret is in use, which ends at once; `onMade` hears that there is another. */
export function NewSecret({ url, asks = false, onMade }) {
  const t = useText();
  const [step, setStep] = useState("idle");
  const [told, setTold] = useState({});
  const make = async () => {
    setStep("busy");
    const found = await made(url);
    setTold(found);
    setStep(found.secret ? "shown" : "idle");
    if (found.secret) onMade?.();
  };
  if (step === "shown") {
    return (
      <div className="stack" role="status">
        <div className="fp ok">
          <code>{told.secret}</code>
          <CopyButton value={told.secret} label={t("secret.copy")} />
        </div>
        <p className="hint warn">
          <Icon name="warning" size={14} />
          {t("secret.once")}
        </p>
      </div>
    );
  }
  return (
    <div className="row wrap">
      {step === "asked" ? <span className="grow sm warn">{t("secret.ends")}</span> : null}
      {step === "asked" ? (
        <button type="button" className="btn s g" onClick={() => setStep("idle")}>
          {t("action.cancel")}
        </button>
      ) : null}
      <button type="button" className={step === "asked" ? "btn s d" : "btn s"} disabled={step === "busy"} aria-busy={step === "busy"} onClick={() => (asks && step !== "asked" ? setStep("asked") : make())}>
        <Icon name={step === "busy" ? "running" : "key"} size={14} className={step === "busy" ? "spin" : ""} />
        {t(asks ? "secret.replace" : "secret.show")}
      </button>
      {told.code ? (
        <span className="hint bad" role="alert">
          {t.value("problem.", told.code)}
        </span>
      ) : null}
    </div>
  );
}
