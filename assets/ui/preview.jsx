// The beginning of a text file, as text and never as anything else. Asking for it is a download: with its rights, and audited.
import { useAsked } from "./asked.js";
import { sizeText } from "./format.js";
import { Icon } from "./icons.jsx";
import { SHOWN_BYTES, readBeginning } from "./preview_text.js";
import { useText } from "./text.js";

function Note({ icon, text, children }) {
  return (
    <p className="note info" role="status">
      <Icon name={icon} />
      <span>{text}</span>
      {children}
    </p>
  );
}

export function FilePreview({ href, name, size }) {
  const t = useText();
  const [file, retry] = useAsked((signal) => readBeginning(href, name, signal), [href, name]);
  if (file.state === "loading") return <p className="sec" role="status">{t("state.loading")}</p>;
  if (file.state === "failed") {
    return (
      <Note icon="warning" text={t("preview.failed")}>
        <button type="button" className="btn s" onClick={retry}>
          {t("action.retry")}
        </button>
      </Note>
    );
  }
  if (file.isBinary) return <Note icon="info" text={t("preview.binary")} />;
  if (!file.text) return <Note icon="info" text={t("preview.empty")} />;
  return (
    <>
      {file.isCut ? <Note icon="info" text={t("preview.cut", { shown: sizeText(t.language, SHOWN_BYTES), size: sizeText(t.language, size) })} /> : null}
      <pre className="pv" tabIndex={0} role="region" aria-label={name}>
        {file.text}
      </pre>
    </>
  );
}
