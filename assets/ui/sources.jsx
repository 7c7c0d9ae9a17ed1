// The tree of sources: endpoints, stacks, services, containers. What is ticked stands in the address, so that it can be shared.
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { EnvBadge } from "./badges.jsx";
import { useFilters } from "./filters.jsx";
import { Icon } from "./icons.jsx";
import { around, countOf, fitting, openAtFirst, pathTo, rowsOf, toggled } from "./source_choice.js";
import { useText } from "./text.js";

const MOST_ROWS = 300;
const LONGEST = 4000; // characters of an address that the server reads
const FACES = { endpoint: "server", stack: "flow", service: "box", container: "terminal" };
const TROUBLED = { endpoint: "offline" };

const isPhone = () => typeof window !== "undefined" && window.matchMedia("(max-width: 767px)").matches;

/** Which branches are open: those that the reader opened, and those around each choice when it is first seen in the tree. */
function useOpen(nodes, chosen) {
  const [open, setOpen] = useState(() => openAtFirst(nodes, chosen));
  const known = useRef(new Set());
  useEffect(() => {
    const found = chosen.filter((key) => !known.current.has(key) && pathTo(nodes, key).length);
    if (!found.length) return;
    found.forEach((key) => known.current.add(key));
    setOpen((before) => new Set([...before, ...around(nodes, found)]));
  }, [nodes, chosen]);
  const turn = (key, isOpen) =>
    setOpen((before) => {
      const next = new Set(before);
      if (isOpen) next.add(key);
      else next.delete(key);
      return next;
    });
  return [open, turn];
}

/** Arrow keys as in every tree: up and down, into a branch and out of it; space and Enter tick. */
function useTreeKeys(rows, open, turn, tick) {
  const list = useRef(null);
  const [at, setAt] = useState("");
  const focus = (key) => {
    if (!key) return;
    setAt(key);
    list.current?.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  };
  const onKeyDown = (event) => {
    const place = rows.findIndex((row) => row.node.key === event.target.dataset?.key);
    if (place < 0) return;
    const { node, parent } = rows[place];
    const isOpen = open.has(node.key);
    const acts = {
      ArrowDown: () => focus(rows[place + 1]?.node.key),
      ArrowUp: () => focus(rows[place - 1]?.node.key),
      Home: () => focus(rows[0].node.key),
      End: () => focus(rows[rows.length - 1].node.key),
      ArrowRight: () => (node.children.length && !isOpen ? turn(node.key, true) : node.children.length && focus(rows[place + 1]?.node.key)),
      ArrowLeft: () => (node.children.length && isOpen ? turn(node.key, false) : focus(parent)),
      " ": () => tick(node.key),
      Enter: () => tick(node.key),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  };
  return { list, at: rows.some((row) => row.node.key === at) ? at : rows[0]?.node.key, setAt, onKeyDown };
}

const TreeRow = memo(function TreeRow({ node, level, state, isOpen, isHere, heard, onTick, onTurn, openText }) {
  const t = useText();
  const hasMore = node.children.length > 0;
  const words = [node.label, node.tone && t.value("status.", node.badge), node.environment && t.value("environment.", node.environment), heard?.trouble && t("logs.unheard")];
  const says = words.filter(Boolean).join(", ");
  const face = node.tone === "bad" ? TROUBLED[node.kind] || "warning" : FACES[node.kind];
  const turn = (event) => {
    event.stopPropagation();
    onTurn(node.key, !isOpen);
  };
  return (
    <li role="treeitem" data-key={node.key} aria-level={level} aria-checked={state} aria-expanded={hasMore ? isOpen : undefined} tabIndex={isHere ? 0 : -1} style={{ "--level": level }} aria-label={says} title={says} onClick={() => onTick(node.key)}>
      {hasMore ? (
        <span className="turn" title={openText} onClick={turn}>
          <Icon name={isOpen ? "chevron-down" : "chevron-right"} size={14} />
        </span>
      ) : (
        <span className="turn" />
      )}
      <span className={`box ${state}`} aria-hidden="true" />
      <Icon name={face} size={14} className={node.tone === "bad" ? "bad" : "sec"} />
      <span className={node.tone === "off" ? "trunc grow sec" : "trunc grow"}>{node.label}</span>
      <EnvBadge environment={node.environment} />
      {heard?.trouble ? <Icon name="warning" size={14} className="warn" /> : heard ? <i className={`dot-c hue-${heard.hue}`} aria-hidden="true" /> : null}
    </li>
  );
});

export const SourceTree = memo(function SourceTree({ nodes, chosen, heard, param = "source", label }) {
  const t = useText();
  const { set } = useFilters();
  const list = nodes || [];
  const ticked = chosen || [];
  const [query, setQuery] = useState("");
  const [open, turn] = useOpen(list, ticked);
  const [isShown, setShown] = useState(true);
  const isChosen = ticked.length > 0;
  useEffect(() => setShown(!isPhone() || !isChosen), []);
  useEffect(() => {
    if (!isChosen) setShown(true);
  }, [isChosen]);
  const chosenSet = useMemo(() => new Set(ticked), [ticked]);
  const byLeaf = useMemo(() => new Map((heard || []).map((one) => [one.leaf, one])), [heard]);
  const { rows, more } = useMemo(() => rowsOf(list, { chosen: chosenSet, open, query, most: MOST_ROWS }), [list, chosenSet, open, query]);
  const tell = useRef(null);
  tell.current = (key) => set({ [param]: fitting(toggled(list, ticked, key), LONGEST).join(",") });
  const tick = useRef((key) => tell.current(key)).current;
  const turnTo = useRef(null);
  turnTo.current = turn;
  const onTurn = useRef((key, isOpen) => turnTo.current(key, isOpen)).current;
  const keys = useTreeKeys(rows, open, turn, tick);
  const count = countOf(list, chosenSet);
  return (
    <section className="card tree-c" aria-label={label}>
      <header>
        <h2 className="grow trunc">{label}</h2>
        {count ? <span className="sec sm num">{t("logs.chosen", { n: count })}</span> : null}
        <button type="button" className="ib only-phone" aria-expanded={isShown} aria-label={t(isShown ? "logs.hide_sources" : "logs.show_sources")} onClick={() => setShown(!isShown)}>
          <Icon name={isShown ? "chevron-up" : "chevron-down"} />
        </button>
      </header>
      <div className="tree-b" hidden={!isShown}>
        <div className="row tree-f">
          <div className="in" role="search" aria-label={t("logs.find")}>
            <Icon name="search" />
            <input type="text" value={query} placeholder={t("logs.find")} aria-label={t("logs.find")} spellCheck={false} autoComplete="off" onChange={(event) => setQuery(event.target.value)} />
          </div>
          {ticked.length ? (
            <button type="button" className="ib" aria-label={t("logs.clear")} title={t("logs.clear")} onClick={() => set({ [param]: "" })}>
              <Icon name="close" />
            </button>
          ) : null}
        </div>
        <ul ref={keys.list} className="tree" role="tree" aria-label={label} aria-multiselectable="true" onKeyDown={keys.onKeyDown} onFocus={(event) => event.target.dataset.key && keys.setAt(event.target.dataset.key)}>
          {rows.map(({ node, level, state }) => (
            <TreeRow key={node.key} node={node} level={level} state={state} isOpen={open.has(node.key) || Boolean(query.trim())} isHere={keys.at === node.key} heard={byLeaf.get(node.key)} onTick={tick} onTurn={onTurn} openText={t("logs.turn")} />
          ))}
        </ul>
        {rows.length ? null : <p className="body sec sm">{t("state.no_results")}</p>}
        {more ? <p className="body sec sm">{t("logs.more_sources", { n: more })}</p> : null}
      </div>
    </section>
  );
});
