// States outlive their page: what somebody left behind there, for other filters, must not be the first thing seen later.
import { Children, useState } from "react";

const here = () => location.pathname.replace(/(.)\/$/, "$1") + location.search;

/** Two children, `meanwhile` and what is shown: the first while `at` is another address than the one come to. */
export function Arrival({ at, loads, children }) {
  const [meanwhile, shown] = Children.toArray(children);
  const [left] = useState(() => (typeof location === "undefined" || !at || at === here() ? -1 : loads));
  return loads === left ? meanwhile : shown;
}
