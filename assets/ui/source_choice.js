// Pure: what is ticked in a tree whose branches mean everything inside of them, and which rows of it are seen.
import { plain } from "./shortcuts.js";

/** "true" where a node or something around it is chosen, "mixed" where only something inside is, else "false". */
export function stateOf(node, chosen, isInside = false) {
  if (isInside || chosen.has(node.key)) return "true";
  return node.children.some((child) => stateOf(child, chosen) !== "false") ? "mixed" : "false";
}

/** The nodes from the top down to a key, both included; empty where there is none. */
export function pathTo(nodes, key) {
  for (const node of nodes) {
    if (node.key === key) return [node];
    const below = pathTo(node.children, key);
    if (below.length) return [node, ...below];
  }
  return [];
}

function* keysIn(node) {
  yield node.key;
  for (const child of node.children) yield* keysIn(child);
}

/**
 * The choices after a node was ticked or not any more. A node that leaves a chosen branch leaves the others of it chosen one
 * by one; a branch that is chosen stands for what was chosen inside of it.
 */
export function toggled(nodes, chosen, key) {
  const path = pathTo(nodes, key);
  if (!path.length) return chosen.filter((each) => each !== key);
  const node = path[path.length - 1];
  const inside = new Set(keysIn(node));
  const rest = chosen.filter((each) => !inside.has(each));
  const around = path.findIndex((each) => chosen.includes(each.key));
  if (around < 0) return [...rest, key];
  const others = path.slice(around, -1).flatMap((branch, at) => branch.children.filter((child) => child !== path[around + at + 1]).map((child) => child.key));
  const kept = rest.filter((each) => each !== path[around].key);
  return [...kept, ...others.filter((each) => !kept.includes(each))];
}

/** As many of the choices, from the first on, as an address of that length holds. */
export function fitting(choices, longest) {
  let length = -1;
  return choices.filter((each) => (length += each.length + 1) <= longest);
}

/** How many nodes without children are ticked. */
export function countOf(nodes, chosen, isInside = false) {
  return nodes.reduce((sum, node) => {
    const inside = isInside || chosen.has(node.key);
    return sum + (node.children.length ? countOf(node.children, chosen, inside) : Number(inside));
  }, 0);
}

/** Whether a node, or something in it, mentions every word. */
function mentions(node, words, path) {
  const text = `${path} ${plain(node.label)}`;
  return words.every((word) => text.includes(word)) || node.children.some((child) => mentions(child, words, text));
}

/**
 * The rows in sight: `{node, level, state, parent}` from the top, at most so many, and how many `more` there would be. Closed
 * branches hide what is in them, unless it is looked for.
 */
export function rowsOf(nodes, { chosen, open, query, most }) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  const found = [];
  const walk = (list, level, parent, isInside, path) => {
    for (const node of list) {
      if (words.length && !mentions(node, words, path)) continue;
      found.push({ node, level, parent, state: stateOf(node, chosen, isInside) });
      if (node.children.length && (words.length || open.has(node.key))) walk(node.children, level + 1, node.key, isInside || chosen.has(node.key), `${path} ${plain(node.label)}`);
    }
  };
  walk(nodes, 1, "", false, "");
  return { rows: found.slice(0, most), more: Math.max(0, found.length - most) };
}

/** The branches around the chosen nodes. */
export function around(nodes, chosen) {
  return new Set(chosen.flatMap((key) => pathTo(nodes, key).slice(0, -1)).map((node) => node.key));
}

/** The branches that are open at first: a lone endpoint, and everything around what is chosen. */
export function openAtFirst(nodes, chosen) {
  return new Set([...(nodes.length === 1 ? [nodes[0].key] : []), ...around(nodes, chosen)]);
}
