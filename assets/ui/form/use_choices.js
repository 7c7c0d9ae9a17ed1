// Asks for the choices of one field: when it is opened, while somebody types, and again when what they depend on changed.
import { useEffect, useRef, useState } from "react";
import { addressOf, ask, dependencies } from "./choices.js";
import { useForm } from "./context.js";

const WAIT_MS = 200;
const NOTHING = { state: "idle", items: [], truncated: false, fault: null };

/** `{state: idle|loading|ready|failed, items, truncated, fault, again}` for the text `q`; asks only while `isWanted`. */
export function useChoices(field, path, q, isWanted) {
  const { choices, valueAt } = useForm();
  const [found, setFound] = useState(NOTHING);
  const [turn, setTurn] = useState(0);
  const answered = useRef("");
  const named = dependencies(field.choices, valueAt([]), path);
  const about = JSON.stringify([choices.connections, choices.environment, named]);
  const question = `${about} ${q}`;
  useEffect(() => {
    if (!isWanted || answered.current === question) return undefined;
    const stopping = new AbortController();
    const look = async () => {
      setFound((before) => ({ ...before, state: "loading", fault: null }));
      try {
        const inputs = named === "[]" ? {} : valueAt([]);
        const body = { inputs, connections: choices.connections, environment: choices.environment, q };
        const told = await ask(addressOf(choices.url, path), body, stopping.signal);
        answered.current = question;
        setFound({ state: "ready", items: told.items, truncated: told.truncated, fault: null });
      } catch (fault) {
        if (!stopping.signal.aborted) setFound({ ...NOTHING, state: "failed", fault });
      }
    };
    const timer = setTimeout(look, q ? WAIT_MS : 0);
    return () => {
      clearTimeout(timer);
      stopping.abort();
    };
  }, [question, isWanted, turn]);
  return { ...found, again: () => setTurn(turn + 1) };
}
