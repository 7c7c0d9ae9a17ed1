// PipelineGraph: one list of steps. On a wide screen each stands at its place with lines between; on a phone below each other.
import { Link } from "react-router";
import { badgeOf } from "./states.js";
import { layoutGraph } from "./graph_layout.js";
import { Icon } from "./icons.jsx";
import { useText } from "./text.js";
import { Duration } from "./values.jsx";

const EDGES = ["success", "failure", "always"];

function Node({ place, box }) {
  const t = useText();
  const { step } = place;
  const { tone, icon, spin, prefix, word } = badgeOf(step.status, step.phase);
  const title = t.language === "en" ? step.title : step.titlePt;
  const began = step.startedAt && step.jobHref;
  const inside = (
    <>
      {step.status ? (
        <span className="pg-s">
          <Icon name={icon} size={16} className={spin ? "spin" : ""} />
          <span>{t.value(prefix, word)}</span>
          {began ? <Duration seconds={step.lengthS ?? undefined} since={step.lengthS === null ? step.startedAt : ""} className="sec" /> : null}
        </span>
      ) : null}
      <b className="trunc">{step.id}</b>
      <span className="sec sm trunc">
        {title}
        {step.jobNumber ? ` · ${step.jobNumber}` : ""}
      </span>
    </>
  );
  return (
    <li className={`pg-n ${tone ? `is-${tone}` : ""} ${step.status === "waiting" || step.status === "SKIPPED" ? "later" : ""}`} style={{ "--x": `${place.x}px`, "--y": `${place.y}px`, "--w": `${box.width}px`, "--h": `${box.height}px` }}>
      {step.jobHref ? (
        <Link className="pg-b" to={step.jobHref}>
          {inside}
        </Link>
      ) : (
        <div className="pg-b">{inside}</div>
      )}
      {step.needs.length ? (
        <span className="pg-a sec sm">
          {t("pipeline.after")}{" "}
          {step.needs.map((edge) => t(`pipeline.after.${edge.on}`, { step: edge.step })).join(t(step.join === "any" ? "pipeline.or" : "pipeline.and"))}
        </span>
      ) : null}
      {step.detail ? <span className="pg-d sm bad">{step.detail}</span> : null}
    </li>
  );
}

/** `steps`: `{id, needs, join, status, phase, state, title, titlePt, jobHref, jobNumber, startedAt, lengthS, detail}`. */
export function PipelineGraph({ steps, label }) {
  const t = useText();
  const { width, height, nodes, edges, node } = layoutGraph(steps || []);
  const drawn = EDGES.filter((kind) => edges.some((edge) => edge.on === kind));
  return (
    <>
      <div className="pg" tabIndex={0} role="group" aria-label={label}>
        <div className="pg-c" style={{ "--gw": `${width}px`, "--gh": `${height}px` }}>
          <svg width={width} height={height} aria-hidden="true" className="pg-e">
            <defs>
              <marker id="pg-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">
                <path d="M0 0 8 4 0 8z" />
              </marker>
            </defs>
            {edges.map((edge) => (
              <path key={edge.key} d={edge.path} className={`${edge.on} ${edge.leads === true ? "led" : edge.leads === false ? "dead" : ""}`} markerEnd="url(#pg-tip)" />
            ))}
          </svg>
          <ol>
            {nodes.map((place) => (
              <Node key={place.step.id} place={place} box={node} />
            ))}
          </ol>
        </div>
      </div>
      {drawn.length ? (
        <p className="pg-k sec sm no-phone" aria-hidden="true">
          {drawn.map((kind) => (
            <span key={kind}>
              <svg width="28" height="8" className="pg-e">
                <path d="M0 4H28" className={kind} />
              </svg>
              {t(`pipeline.on.${kind}`)}
            </span>
          ))}
        </p>
      ) : null}
    </>
  );
}
