// PipelineEditor: a definition as steps with their fields, or as text. Everything works by keyboard and with a thumb.
import { useEffect, useRef, useState } from "react";
import { CheckField, FieldError, Segmented, SelectField, TextField } from "./fields.jsx";
import { Icon } from "./icons.jsx";
import * as draft from "./pipeline_draft.js";
import { PipelineGraph } from "./pipeline_graph.jsx";
import { TagChoice } from "./tag_choice.jsx";
import { useText } from "./text.js";

const ENDS = ["success", "failure", "always"];

function IconButton({ name, label, onClick, disabled }) {
  return (
    <button type="button" className="ib" aria-label={label} title={label} onClick={onClick} disabled={disabled}>
      <Icon name={name} size={16} />
    </button>
  );
}

function Faults({ faults, below = "" }) {
  const t = useText();
  if (!faults.length) return null;
  return (
    <div className="pe-faults">
      {faults.map((fault, at) => {
        const place = fault.pointer.slice(below.length + 1).replaceAll("/", " › ");
        return <FieldError key={at} text={`${place ? `${place}: ` : ""}${t.language === "en" ? fault.detail : fault.detailPt || fault.detail}`} />;
      })}
    </div>
  );
}

function Edges({ step, steps, change }) {
  const t = useText();
  const others = steps.filter((other) => other !== step).map((other) => other.id);
  const free = others.filter((id) => !step.needs.some((edge) => edge.step === id));
  const set = (at, edge) => change({ needs: draft.withItem(step.needs, at, edge) });
  return (
    <>
      {step.needs.map((edge, at) => (
        <div className="pe-row" key={at}>
          <SelectField label={t("pipeline.edit.after")} value={edge.step} options={[edge.step, ...free]} onChange={(id) => set(at, { ...edge, step: id })} />
          <SelectField label={t("pipeline.edit.on")} value={edge.on} options={ENDS.map((on) => ({ value: on, label: t(`pipeline.on.${on}`) }))} onChange={(on) => set(at, { ...edge, on })} />
          <IconButton name="trash" label={t("pipeline.edit.remove_edge", { step: edge.step })} onClick={() => set(at, undefined)} />
        </div>
      ))}
      {step.needs.length > 1 ? (
        <Segmented label={t("pipeline.edit.join")} full value={step.join} options={["all", "any"].map((join) => ({ value: join, label: t(`pipeline.join.${join}`) }))} onChange={(join) => change({ join })} />
      ) : null}
      {free.length ? (
        <div>
          <button type="button" className="btn s" onClick={() => change({ needs: [...step.needs, { step: free[free.length - 1], on: "success" }] })}>
            <Icon name="plus" size={14} />
            {t("pipeline.edit.add_edge")}
          </button>
        </div>
      ) : null}
    </>
  );
}

function Inputs({ step, fields, change }) {
  const t = useText();
  const known = fields.map((field) => field.name);
  const more = Object.keys(step.inputs).filter((name) => !known.includes(name));
  const rows = [...fields, ...more.map((name) => ({ name, title: name, titlePt: name, type: "", required: false }))];
  return rows.map((field) => (
    <TextField
      key={field.name}
      label={t.language === "en" ? field.title : field.titlePt}
      code
      optional={!field.required}
      rows={field.type === "array" || field.type === "object" ? 3 : undefined}
      hint={`${field.name} · ${field.type ? t(`pipeline.type.${field.type}`) : t("pipeline.edit.any_type")}`}
      value={draft.textOf(step.inputs[field.name])}
      onChange={(text) => change({ inputs: draft.withMember(step.inputs, field.name, draft.valueOf(text, field.type)) })}
    />
  ));
}

function Hosts({ step, hosts, change }) {
  const t = useText();
  if (typeof step.hosts === "string") return <TextField label={t("pipeline.edit.hosts")} code value={step.hosts} onChange={(text) => change({ hosts: text || [] })} />;
  const name = (id) => hosts.find((host) => host.value === id)?.label || id;
  const free = hosts.filter((host) => !step.hosts.includes(host.value));
  return (
    <>
      <SelectField label={t("pipeline.edit.hosts")} value="" placeholder={t("pipeline.edit.add_host")} options={free} onChange={(id) => id && change({ hosts: [...step.hosts, id] })} />
      {step.hosts.length ? (
        <div className="pe-chips">
          {step.hosts.map((id) => (
            <button key={id} type="button" className="btn s" aria-label={t("pipeline.edit.remove_host", { name: name(id) })} onClick={() => change({ hosts: step.hosts.filter((each) => each !== id) })}>
              {name(id)}
              <Icon name="close" size={14} />
            </button>
          ))}
        </div>
      ) : null}
    </>
  );
}

function Step({ at, document, catalogue, faults, onSteps, tellMove }) {
  const t = useText();
  const { steps } = document;
  const step = steps[at];
  const runbook = catalogue.runbooks.find((each) => each.name === step.runbook) || { name: step.runbook, inputs: [], slots: [], target: "", playTags: [] };
  const worksOnHosts = runbook.target === "hosts" || runbook.target === "both";
  const change = (more) => onSteps(draft.withItem(steps, at, { ...step, ...more }));
  const move = (by) => {
    onSteps(draft.moved(steps, at, by));
    tellMove(at + by);
  };
  const spoken = (each) => (t.language === "en" ? each.title : each.titlePt);
  const places = [{ value: "", label: t("pipeline.edit.same_environment") }, ...["stage", "prod"].map((value) => ({ value, label: t(`environment.${value}`) }))];
  return (
    <fieldset className="group" id={`pe-step-${at}`}>
      <legend>{t("pipeline.edit.step", { n: String(at + 1) })}</legend>
      <div className="pe-h">
        <b className="trunc mono">{step.id}</b>
        <IconButton name="chevron-up" label={t("pipeline.edit.up", { step: step.id })} disabled={at === 0} onClick={() => move(-1)} />
        <IconButton name="chevron-down" label={t("pipeline.edit.down", { step: step.id })} disabled={at === steps.length - 1} onClick={() => move(1)} />
        <IconButton name="trash" label={t("pipeline.edit.remove_step", { step: step.id })} disabled={steps.length === 1} onClick={() => onSteps(draft.without(steps, at))} />
      </div>
      <Faults faults={draft.faultsAt(faults, `/steps/${at}`)} below={`/steps/${at}`} />
      <div className="f2">
        <TextField label={t("pipeline.edit.id")} value={step.id} code maxLength={40} onChange={(id) => onSteps(draft.renamed(steps, at, id))} />
        <SelectField label={t("pipeline.edit.runbook")} value={step.runbook} options={catalogue.runbooks.map((each) => ({ value: each.name, label: spoken(each) }))} onChange={(name) => change(draft.withRunbook(step, catalogue.runbooks.find((each) => each.name === name) || runbook))} />
        <SelectField label={t("pipeline.edit.environment")} value={step.environment} options={places} onChange={(environment) => change({ environment })} />
      </div>
      <Edges step={step} steps={steps} change={change} />
      <Inputs step={step} fields={runbook.inputs} change={change} />
      {worksOnHosts ? <Hosts step={step} hosts={catalogue.hosts} change={change} /> : null}
      {worksOnHosts ? <TextField label={t("launch.limit")} code optional hint={t("launch.limit_hint")} maxLength={500} value={step.limit || ""} onChange={(limit) => change({ limit })} /> : null}
      {runbook.playTags.length ? <TagChoice tags={runbook.playTags} only={step.tags} skip={step.skipTags} onChange={({ only, skip }) => change({ tags: only, skipTags: skip })} /> : null}
      {runbook.slots.filter((slot) => isAsked(slot, step.connections)).map((slot) => (
        <SelectField
          key={slot.slot}
          label={t("launch.connection", { name: slot.slot })}
          value={step.connections[slot.slot] || ""}
          placeholder={t("launch.choose_connection")}
          options={catalogue.connections.filter((row) => row.type === slot.type)}
          onChange={(id) => change({ connections: draft.withMember(step.connections, slot.slot, id || undefined) })}
        />
      ))}
    </fieldset>
  );
}

/** Whether a slot is to be filled by now: one that stands after another waits for that, unless it is filled itself. */
function isAsked(slot, chosen) {
  return !slot.after || Boolean(chosen[slot.after] || chosen[slot.slot]);
}

function Declared({ schema, onSchema }) {
  const t = useText();
  const rows = draft.inputRows(schema);
  const set = (at, row) => onSchema(draft.withRows(schema, draft.withItem(rows, at, row)));
  const add = () => onSchema(draft.withRows(schema, [...rows, { name: draft.freeName("input", rows.map((row) => row.name)), schema: { type: "string" }, required: false }]));
  return (
    <fieldset className="group">
      <legend>{t("pipeline.edit.inputs")}</legend>
      {rows.map((row, at) => (
        <div className="pe-row in4" key={at}>
          <TextField label={t("pipeline.edit.input_name")} code value={row.name} onChange={(name) => !rows.some((other) => other.name === name) && set(at, { ...row, name })} />
          <SelectField label={t("pipeline.edit.input_type")} value={row.schema.type || ""} options={draft.TYPES.map((type) => ({ value: type, label: t(`pipeline.type.${type}`) }))} onChange={(type) => type && set(at, { ...row, schema: { ...draft.withMember(row.schema, "default", undefined), type } })} />
          <TextField label={t("pipeline.edit.input_default")} code disabled={row.required} value={draft.textOf(row.schema.default)} onChange={(text) => set(at, { ...row, schema: draft.withMember(row.schema, "default", draft.valueOf(text, row.schema.type)) })} />
          <CheckField label={t("pipeline.edit.input_required")} checked={row.required} onChange={(required) => set(at, { ...row, required })} />
          <IconButton name="trash" label={t("pipeline.edit.remove_input", { name: row.name })} onClick={() => set(at, undefined)} />
        </div>
      ))}
      <div>
        <button type="button" className="btn s" onClick={add}>
          <Icon name="plus" size={14} />
          {t("pipeline.edit.add_input")}
        </button>
      </div>
    </fieldset>
  );
}

function AsText({ text, fault, onImport }) {
  const t = useText();
  const [written, setWritten] = useState(text);
  useEffect(() => setWritten(text), [text]);
  return (
    <>
      <TextField label={t("pipeline.edit.text")} hint={t("pipeline.edit.text_hint")} code rows={22} value={written} error={fault} onChange={setWritten} />
      <div>
        <button type="button" className="btn" onClick={() => onImport(written)}>
          <Icon name="upload" />
          {t("pipeline.edit.take_text")}
        </button>
      </div>
    </>
  );
}

function Fields({ document, catalogue, faults, change }) {
  const t = useText();
  const focus = useRef(null);
  useEffect(() => {
    if (focus.current === null) return;
    const box = window.document.getElementById(`pe-step-${focus.current}`);
    box?.scrollIntoView({ block: "nearest" });
    box?.querySelector(".ib:not(:disabled)")?.focus();
    focus.current = null;
  });
  const told = (name) => {
    const found = faults.find((fault) => fault.pointer === `/${name}`);
    return found && (t.language === "en" ? found.detail : found.detailPt || found.detail);
  };
  const steps = document.steps.map((step) => {
    const runbook = catalogue.runbooks.find((each) => each.name === step.runbook);
    return { ...step, status: "", title: runbook?.title || step.runbook, titlePt: runbook?.titlePt || step.runbook };
  });
  return (
    <>
      <div className="f2">
        <TextField label={t("pipeline.edit.name")} hint={t("pipeline.edit.name_hint")} code maxLength={63} value={document.name} error={told("name")} onChange={(name) => change({ name })} />
        <TextField label={t("pipeline.edit.title")} optional maxLength={200} value={document.title} onChange={(title) => change({ title })} />
      </div>
      <TextField label={t("pipeline.edit.description")} optional rows={2} maxLength={2000} value={document.description} onChange={(description) => change({ description })} />
      <Faults faults={draft.faultsAround(faults)} />
      <Declared schema={document.inputsSchema} onSchema={(inputsSchema) => change({ inputsSchema })} />
      <div className="no-phone card">
        <PipelineGraph steps={steps} label={t("pipeline.graph")} />
      </div>
      <p className="hint">{t("pipeline.edit.expressions")}</p>
      <div className="pe-steps">
        {document.steps.map((_, at) => (
          <Step key={at} at={at} document={document} catalogue={catalogue} faults={faults} onSteps={(next) => change({ steps: next })} tellMove={(to) => (focus.current = to)} />
        ))}
      </div>
      <div>
        <button type="button" className="btn" onClick={() => change({ steps: [...document.steps, draft.newStep(document.steps, catalogue.runbooks[0]?.name || "")] })}>
          <Icon name="plus" />
          {t("pipeline.edit.add_step")}
        </button>
      </div>
    </>
  );
}

/** `document` is what is edited from `revision` on; `onChange(document)` hears every change. `text` is it as YAML. */
export function PipelineEditor({ document, revision, catalogue, faults, text, textFault, onChange, onText, onImport }) {
  const t = useText();
  const [edited, setEdited] = useState(document);
  const [view, setView] = useState("form");
  useEffect(() => {
    setEdited(document);
    setView("form");
  }, [revision]);
  const change = (more) => {
    const next = { ...edited, ...more };
    setEdited(next);
    onChange(next);
  };
  const show = (next) => {
    if (next === "text") onText(edited);
    setView(next);
  };
  return (
    <div className="form">
      <Segmented label={t("pipeline.edit.view")} labelHidden value={view} options={["form", "text"].map((value) => ({ value, label: t(`pipeline.edit.view.${value}`) }))} onChange={show} />
      {view === "form" ? <Fields document={edited} catalogue={catalogue} faults={faults || []} change={change} /> : <AsText text={text} fault={textFault} onImport={onImport} />}
    </div>
  );
}
