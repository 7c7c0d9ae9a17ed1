// Line icons of the product, 24 x 24, drawn by stroke. One map, one component; names are checked by Python at build time.
import ICONS from "./icons.json" with { type: "json" };

/** One icon. Decorative unless `label` is given. */
export function Icon({ name, size = 16, className = "", label }) {
  const sizeClass = size === 16 ? "" : ` i-${size}`;
  const access = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return (
    <svg className={`i${sizeClass} ${className}`.trim()} viewBox="0 0 24 24" focusable="false" {...access}>
      {(ICONS[name] || ICONS.dot).map((d, at) => (
        <path key={at} d={d} />
      ))}
    </svg>
  );
}

/** The mark of the product: a J with a live dot. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect x="1" y="1" width="30" height="30" rx="9" fill="var(--mega-surface)" stroke="var(--mega-line)" />
      <path
        d="M19.5 13v5.5a4.75 4.75 0 0 1-9.5 0"
        fill="none"
        stroke="var(--mega-text)"
        strokeWidth="2.5"
        strokeLinecap="round"
      />
      <circle cx="19.5" cy="9" r="2" fill="var(--mega-success)" />
    </svg>
  );
}
