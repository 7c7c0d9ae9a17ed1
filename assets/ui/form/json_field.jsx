// A value of which the schema says nothing: JSON, as it is written.
import { useEffect, useRef, useState } from "react";
import { useText } from "../text.js";
import { CodeField } from "./code_field.jsx";

/** What is no JSON yet stays text, so that the server refuses it where it stands. */
export function JsonField({ value, onChange, ...shared }) {
  const t = useText();
  const [text, setText] = useState(() => written(value));
  const told = useRef(JSON.stringify(value));
  useEffect(() => {
    if (JSON.stringify(value) === told.current) return;
    told.current = JSON.stringify(value);
    setText(written(value));
  }, [value]);
  const take = (typed) => {
    setText(typed);
    const next = read(typed);
    told.current = JSON.stringify(next);
    onChange(next);
  };
  const isBroken = typeof value === "string";
  return <CodeField {...shared} value={text} rows={4} placeholder="{}" error={shared.error || (isBroken ? t("schema.json.broken") : undefined)} onChange={take} />;
}

function written(value) {
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function read(text) {
  if (!text.trim()) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
