// Pure: from steps and their edges to columns, places in pixels and lines between them. No step may be in a circle.

const NODE = { width: 192, height: 76 };
const GAP = { across: 56, down: 20 };
const LANE = 12;

/** Column of each step: one right of the last of those it needs. */
export function columnsOf(steps) {
  const known = new Map(steps.map((step) => [step.id, step]));
  const found = new Map();
  const visit = (step, path) => {
    if (found.has(step.id)) return found.get(step.id);
    const before = step.needs.map((edge) => known.get(edge.step)).filter((other) => other && !path.has(other.id));
    const column = before.length ? 1 + Math.max(...before.map((other) => visit(other, new Set([...path, step.id])))) : 0;
    found.set(step.id, column);
    return column;
  };
  for (const step of steps) visit(step, new Set([step.id]));
  return found;
}

/**
 * Columns of what stands in them: steps, and lanes by which an edge passes a column. Each stands near the middle of
 * what leads to it, so that few lines cross.
 */
export function rowsOf(steps, columns) {
  const listed = [];
  const put = (column, item) => (listed[column] ||= []).push(item);
  for (const step of steps) {
    const before = step.needs.filter((edge) => columns.get(edge.step) < columns.get(step.id));
    put(columns.get(step.id), { id: step.id, after: before.map((edge) => lane(edge, step, columns.get(step.id) - 1, columns)) });
    for (const edge of before) {
      for (let at = columns.get(edge.step) + 1; at < columns.get(step.id); at += 1) {
        put(at, { id: lane(edge, step, at, columns), after: [lane(edge, step, at - 1, columns)], isLane: true });
      }
    }
  }
  const row = new Map();
  return listed.map((column) => {
    const middle = (item) => {
      const rows = item.after.map((id) => row.get(id)).filter((at) => at !== undefined);
      return rows.length ? rows.reduce((sum, at) => sum + at, 0) / rows.length : 0;
    };
    const order = column.map((item, at) => ({ item, at, middle: middle(item) })).sort((a, b) => a.middle - b.middle || a.at - b.at);
    order.forEach(({ item }, at) => row.set(item.id, order.length > 1 ? at / (order.length - 1) : 0.5));
    return order.map(({ item }) => item);
  });
}

/** By what an edge goes in a column: the step that it begins at, or a lane of its own. */
function lane(edge, step, column, columns) {
  return column === columns.get(edge.step) ? edge.step : `${edge.step}>${step.id}@${column}`;
}

/** Whether an edge leads on, as far as the end of its step is known: true, false or null. */
export function leadsOn(edge, status) {
  if (!["SUCCESS", "ERROR", "CANCELED", "SKIPPED"].includes(status)) return null;
  if (status === "SKIPPED") return false;
  return edge.on === "always" || (edge.on === "success") === (status === "SUCCESS");
}

function curve(points) {
  return points
    .map((to, at) => {
      if (!at) return `M${to.x} ${to.y}`;
      const from = points[at - 1];
      const half = (to.x - from.x) / 2;
      return `C${from.x + half} ${from.y} ${to.x - half} ${to.y} ${to.x} ${to.y}`;
    })
    .join("");
}

/** Top of everything in a column, and how high the column is. */
function stacked(column) {
  let top = 0;
  const tops = column.map((item) => {
    const own = { id: item.id, top, height: item.isLane ? LANE : NODE.height };
    top += own.height + GAP.down;
    return own;
  });
  return { tops, height: Math.max(0, top - GAP.down) };
}

/** `{width, height, nodes: [{step, x, y}], edges: [{path, on, leads, key}]}` of steps `{id, needs: [{step, on}], state}`. */
export function layoutGraph(steps) {
  const columns = columnsOf(steps);
  const stacks = rowsOf(steps, columns).map(stacked);
  const height = Math.max(NODE.height, ...stacks.map((one) => one.height));
  const places = new Map();
  stacks.forEach(({ tops, height: own }, across) => {
    for (const item of tops) places.set(item.id, { x: across * (NODE.width + GAP.across), y: (height - own) / 2 + item.top, height: item.height });
  });
  const edges = steps.flatMap((step) =>
    step.needs
      .filter((edge) => columns.get(edge.step) < columns.get(step.id))
      .map((edge) => {
        const from = places.get(edge.step);
        const points = [{ x: from.x + NODE.width, y: from.y + NODE.height / 2 }];
        for (let at = columns.get(edge.step) + 1; at < columns.get(step.id); at += 1) {
          const { x, y } = places.get(lane(edge, step, at, columns));
          points.push({ x, y: y + LANE / 2 }, { x: x + NODE.width, y: y + LANE / 2 });
        }
        const to = places.get(step.id);
        points.push({ x: to.x - 1, y: to.y + NODE.height / 2 });
        const state = steps.find((other) => other.id === edge.step).state;
        return { key: `${edge.step}>${step.id}`, path: curve(points), on: edge.on, leads: leadsOn(edge, state) };
      }),
  );
  const width = Math.max(0, stacks.length * (NODE.width + GAP.across) - GAP.across);
  return { width, height, nodes: steps.map((step) => ({ step, x: places.get(step.id).x, y: places.get(step.id).y })), edges, node: NODE };
}
