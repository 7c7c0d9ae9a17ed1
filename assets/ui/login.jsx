// Sign in and first set-up: they talk to the REST routes by fetch, because only HTTP can set the HttpOnly session cookie.
import { useEffect, useRef, useState } from "react";
import { CheckField, FieldError, PasswordField, TextField } from "./fields.jsx";
import { durationText } from "./format.js";
import { Icon } from "./icons.jsx";
import { faultsByField, outcomeOfLogin, outcomeOfSetup, passwordRules, safePath, tokenFrom } from "./login_rules.js";
import { adoptProfile } from "./prefs.js";
import { useText } from "./text.js";

async function post(url, sent) {
  try {
    const answer = await fetch(url, { method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(sent) });
    const body = await answer.json().catch(() => ({}));
    const problem = answer.ok ? {} : body;
    return { status: answer.status, user: body.user, problem, retryAfter: Number(problem.retryAfter ?? answer.headers.get("Retry-After")) || 0 };
  } catch {
    return { status: 0, problem: {}, retryAfter: 0 };
  }
}

/** Seconds left of a waiting time, counting down. */
function useCountdown() {
  const [until, setUntil] = useState(0);
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (!until) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [until]);
  const left = until ? Math.max(0, Math.ceil((until - Math.max(now, 0)) / 1000)) : 0;
  const start = (seconds) => {
    setNow(Date.now());
    setUntil(seconds ? Date.now() + seconds * 1000 : 0);
  };
  return [left, start];
}

function Banner({ text, icon = "warning", tone = "bad" }) {
  return (
    <div className={`note ${tone}`} role="alert">
      <Icon name={icon} />
      <div className="grow" style={{ color: "var(--mega-text)" }}>
        {text}
      </div>
    </div>
  );
}

function Submit({ busy, disabled, text, busyText }) {
  return (
    <button type="submit" className="btn p full" aria-busy={busy} disabled={disabled}>
      {busy ? <Icon name="running" className="spin" /> : null}
      {busy ? busyText : text}
    </button>
  );
}

/** What the address says, after hydration: host, ?next= and whether a session ended. */
function useAddress() {
  const [address, setAddress] = useState({ host: "", next: "", ended: false });
  useEffect(() => {
    const query = new URLSearchParams(location.search);
    setAddress({ host: location.host, next: safePath(query.get("next")), ended: query.has("expired") });
  }, []);
  return address;
}

export function LoginForm() {
  const t = useText();
  const { host, next, ended } = useAddress();
  const [email, setEmail] = useState("");
  const [remember, setRemember] = useState(true);
  const [state, setState] = useState("");
  const [left, wait] = useCountdown();
  const password = useRef(null);
  const form = useRef(null);
  const busy = state === "busy";
  const limited = state === "limited" && left > 0;
  useEffect(() => {
    // On a touch screen the keyboard would cover half of the page before anything was read.
    if (window.matchMedia("(hover: hover)").matches) form.current.elements.email.focus();
  }, []);

  const submit = async (event) => {
    event.preventDefault();
    if (busy || limited) return;
    const data = new FormData(form.current);
    setState("busy");
    const answer = await post("/v1/auth/login", { email: String(data.get("email")).trim(), password: data.get("password"), remember, browser: true });
    const outcome = outcomeOfLogin(answer.status, answer.problem.code);
    if (outcome === "ok") {
      adoptProfile(answer.user);
      location.assign(next || "/dashboard");
      return;
    }
    if (outcome === "limited") wait(answer.retryAfter || 60);
    setState(outcome);
    if (outcome === "credentials") password.current?.select();
  };
  const message = {
    address: t("login.error_address", { address: host }),
    credentials: t("login.error_credentials"),
    disabled: t("login.error_disabled"),
    server: t("login.error_server"),
    limited: limited ? t("login.error_limited", { time: durationText(t.language, left) }) : "",
  }[state];
  return (
    <form ref={form} className="lg-c" onSubmit={submit} method="post" action="/v1/auth/login" aria-busy={busy}>
      <div>
        <h1>{t("login.title")}</h1>
        <p className="sec mt4">{t("login.subtitle", { host })}</p>
      </div>
      {ended && next && !state ? <Banner tone="warn" icon="clock" text={t("login.expired", { path: next })} /> : null}
      {message ? <Banner text={message} icon={state === "limited" ? "clock" : "warning"} tone={state === "limited" ? "warn" : "bad"} /> : null}
      <TextField label={t("login.email")} name="email" type="email" value={email} onChange={setEmail} autoComplete="username" inputMode="email" required />
      <PasswordField label={t("login.password")} name="password" inputRef={password} required />
      <CheckField label={t("login.remember")} checked={remember} onChange={setRemember} />
      <Submit busy={busy} disabled={busy || limited} text={t("login.submit")} busyText={t("login.loading")} />
    </form>
  );
}

function Rules({ password, repeat, email }) {
  const t = useText();
  return (
    <ul className="rules" aria-label={t("setup.rules")}>
      {passwordRules(password, repeat, email).map(([key, ok]) => (
        <li key={key} className={ok ? "ok" : ""}>
          <Icon name={ok ? "check" : "dot"} size={12} />
          {t(key)}
        </li>
      ))}
    </ul>
  );
}

export function SetupForm() {
  const t = useText();
  const [token, setToken] = useState("");
  const [given, setGiven] = useState(true);
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [state, setState] = useState("");
  const [errors, setErrors] = useState({});
  const [left, wait] = useCountdown();
  useEffect(() => {
    const read = () => {
      const found = tokenFrom(location);
      setToken((held) => found || held);
      setGiven(Boolean(found));
      // The token works once and belongs into no history entry and no screenshot.
      if (found) history.replaceState(history.state, "", location.pathname);
    };
    read();
    // Somebody who is here already and then opens the link changes only the fragment: no page is loaded.
    window.addEventListener("hashchange", read);
    return () => window.removeEventListener("hashchange", read);
  }, []);
  const ready = token && email && passwordRules(password, repeat, email).every(([, ok]) => ok);
  const busy = state === "busy" || state === "ok";
  const limited = state === "limited" && left > 0;
  const submit = async (event) => {
    event.preventDefault();
    if (busy || !ready) return;
    setState("busy");
    setErrors({});
    const answer = await post("/v1/setup", { token: token.trim(), email: email.trim(), name: name.trim(), password, browser: true });
    const outcome = outcomeOfSetup(answer.status, answer.problem.code);
    if (outcome === "limited") wait(answer.retryAfter || 60);
    if (outcome === "fields") setErrors(faultsByField(answer.problem.errors));
    setState(outcome);
    if (outcome === "ok") location.assign("/dashboard");
  };
  const fault = (field) => (errors[field] ? t.known("settings.error.", errors[field]) || t("problem.validation") : "");
  const message = {
    address: state === "address" ? t("login.error_address", { address: location.host }) : "",
    token: t("setup.error_token"),
    done: t("setup.error_done"),
    server: t("login.error_server"),
    limited: limited ? t("login.error_limited", { time: durationText(t.language, left) }) : "",
    fields: Object.keys(errors).length ? "" : t("problem.validation"),
  }[state];
  return (
    <form className="lg-c" onSubmit={submit} aria-busy={busy}>
      <div>
        <h1>{t("setup.title")}</h1>
        <p className="sec mt4">{t("setup.subtitle")}</p>
      </div>
      {message ? <Banner text={message} /> : null}
      {state === "done" ? (
        <a className="btn full" href="/login">
          {t("setup.sign_in")}
        </a>
      ) : null}
      {given ? null : <TextField label={t("setup.token")} hint={t("setup.token_hint")} value={token} onChange={setToken} code required />}
      <TextField label={t("setup.name")} name="name" value={name} onChange={setName} autoComplete="name" maxLength={100} optional error={fault("name")} />
      <TextField label={t("setup.email")} name="email" type="email" value={email} onChange={setEmail} autoComplete="username" inputMode="email" required error={fault("email")} />
      <PasswordField label={t("setup.password")} name="password" value={password} onChange={setPassword} autoComplete="new-password" required error={fault("password")} />
      <PasswordField label={t("setup.repeat")} name="repeat" value={repeat} onChange={setRepeat} autoComplete="new-password" required />
      <Rules password={password} repeat={repeat} email={email} />
      {errors.token ? <FieldError text={fault("token")} /> : null}
      <Submit busy={busy} disabled={busy || limited || !ready} text={t("setup.submit")} busyText={t(state === "ok" ? "setup.done" : "setup.loading")} />
    </form>
  );
}
