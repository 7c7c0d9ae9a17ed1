// Pure: what the answers of sign-in and set-up mean, where one may go afterwards, and the password rules shown.

const LEAST = 12;
const FOREIGN = "foreign_origin"; // the page was opened by an address that the installation does not know as its own

/** ok, address, credentials, disabled, limited or server. */
export function outcomeOfLogin(status, code = "") {
  if (status >= 200 && status < 300) return "ok";
  if (code === FOREIGN) return "address";
  if (status === 429) return "limited";
  if (status === 403 || /disabled/.test(code)) return "disabled";
  if (status === 401 || status === 400 || status === 422) return "credentials";
  return "server";
}

/** ok, address, token, done, fields, limited or server. */
export function outcomeOfSetup(status, code = "") {
  if (status >= 200 && status < 300) return "ok";
  if (code === FOREIGN) return "address";
  return { 400: "fields", 401: "token", 403: "token", 404: "done", 409: "done", 410: "token", 422: "fields", 429: "limited" }[status] || "server";
}

/** The code of the first fault of each field, by the field's name: the reader's own language says it. */
export function faultsByField(errors) {
  return Object.fromEntries([...(errors || [])].reverse().map((each) => [each.pointer.slice(1), each.code]));
}

/** A path of this application, or "": never another site ("//evil", "https:", "/\evil"). */
export function safePath(next) {
  if (!next || !/^\/(?![/\\])[^\s\\]*$/.test(next)) return "";
  return /^\/(login|setup)(\/|$|\?)/.test(next) ? "" : next;
}

/** The one-time token of the address: #token=... (never sent to a server) or ?token=... */
export function tokenFrom({ hash = "", search = "" }) {
  return new URLSearchParams(hash.replace(/^#/, "")).get("token") || new URLSearchParams(search).get("token") || "";
}

/** The rules with whether each is met. */
export function passwordRules(password, repeat, email) {
  const name = email.split("@")[0].toLowerCase();
  return [
    ["setup.rule_length", [...password].length >= LEAST],
    ["setup.rule_not_email", password !== "" && (name.length < 3 || !password.toLowerCase().includes(name))],
    ["setup.rule_equal", password !== "" && password === repeat],
  ];
}
