// Something that a component asks for when it is drawn: loading, ready or failed, and asked again on demand.
import { useEffect, useState } from "react";

/** `[{state, ...found}, retry]`; `ask(signal)` is called anew whenever one of `causes` differs. */
export function useAsked(ask, causes) {
  const [tries, setTries] = useState(0);
  const [found, setFound] = useState({ state: "loading" });
  useEffect(() => {
    const stopping = new AbortController();
    setFound({ state: "loading" });
    ask(stopping.signal).then(
      (answer) => setFound({ state: "ready", ...answer }),
      () => stopping.signal.aborted || setFound({ state: "failed" }),
    );
    return () => stopping.abort();
  }, [...causes, tries]);
  return [found, () => setTries(tries + 1)];
}
