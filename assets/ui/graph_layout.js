// Pure: from steps and their edges to columns, places in pixels and lines between them. No step may be in a circle.

const NODE = { width: 208, height: 76 };
const GAP = { across: 72, down: 24 };

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

/** The steps of each column, each near the middle of those it needs, so that few lines cross. */
export function rowsOf(steps, columns) {
  const listed = [];
  for (const step of steps) (listed[columns.get(step.id)] ||= []).push(step);
  const row = new Map();
  for (const column of listed) {
    const wanted = (step) => {
      const rows = step.needs.map((edge) => row.get(edge.step)).filter((at) => at !== undefined);
      return rows.length ? rows.reduce((sum, at) => sum + at, 0) / rows.length : 0;
    };
    const order = column.map((step, at) => ({ step, at, wanted: wanted(step) })).sort((a, b) => a.wanted - b.wanted || a.at - b.at);
    order.forEach(({ step }, at) => row.set(step.id, at));
    column.splice(0, column.length, ...order.map(({ step }) => step));
  }
  return listed;
}

/** Whether an edge leads on, as far as the end of its step is known: true, false or null. */
export function leadsOn(edge, status) {
  if (!["SUCCESS", "ERROR", "CANCELED", "SKIPPED"].includes(status)) return null;
  if (status === "SKIPPED") return false;
  return edge.on === "always" || (edge.on === "success") === (status === "SUCCESS");
}

function curve(from, to) {
  const half = (to.x - from.x) / 2;
  return `M${from.x} ${from.y}C${from.x + half} ${from.y} ${to.x - half} ${to.y} ${to.x - 2} ${to.y}`;
}

/** `{width, height, nodes: [{step, x, y}], edges: [{path, on, leads, key}]}` of steps `{id, needs: [{step, on}], state}`. */
export function layoutGraph(steps) {
  const columns = rowsOf(steps, columnsOf(steps));
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const height = tallest * (NODE.height + GAP.down) - GAP.down;
  const places = new Map();
  columns.forEach((column, across) => {
    const own = column.length * (NODE.height + GAP.down) - GAP.down;
    column.forEach((step, down) => {
      places.set(step.id, { step, x: across * (NODE.width + GAP.across), y: (height - own) / 2 + down * (NODE.height + GAP.down) });
    });
  });
  const edges = steps.flatMap((step) =>
    step.needs
      .filter((edge) => places.has(edge.step))
      .map((edge) => {
        const [before, after] = [places.get(edge.step), places.get(step.id)];
        const from = { x: before.x + NODE.width, y: before.y + NODE.height / 2 };
        const to = { x: after.x, y: after.y + NODE.height / 2 };
        return { key: `${edge.step}>${step.id}`, path: curve(from, to), on: edge.on, leads: leadsOn(edge, before.step.state) };
      }),
  );
  const width = columns.length * (NODE.width + GAP.across) - GAP.across;
  return { width: Math.max(0, width), height, nodes: steps.map((step) => places.get(step.id)), edges, node: NODE };
}
