// A README on the page: blocks of markdown_blocks.js as elements.
import { blocks, pieces } from "./markdown_blocks.js";

function Inline({ text }) {
  return pieces(text).map((piece, at) => {
    if (piece.kind === "code") return <code key={at}>{piece.text}</code>;
    if (piece.kind === "strong") return <strong key={at}>{piece.text}</strong>;
    return piece.text;
  });
}

function Table({ block }) {
  return (
    <div className="over" tabIndex={0} role="group" aria-label={block.head.join(", ")}>
      <table>
        {block.head.length ? (
          <thead>
            <tr>
              {block.head.map((cell, at) => (
                <th key={at} scope="col">
                  <Inline text={cell} />
                </th>
              ))}
            </tr>
          </thead>
        ) : null}
        <tbody>
          {block.rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, place) => (
                <td key={place}>
                  <Inline text={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function List({ block }) {
  const Kind = block.isOrdered ? "ol" : "ul";
  return (
    <Kind>
      {block.items.map((item, at) => (
        <li key={at}>
          <Inline text={item} />
        </li>
      ))}
    </Kind>
  );
}

function Block({ block }) {
  if (block.kind === "heading") return <h3>{block.text}</h3>;
  if (block.kind === "code") return <pre tabIndex={0}>{block.text}</pre>;
  if (block.kind === "table") return <Table block={block} />;
  if (block.kind === "list") return <List block={block} />;
  return (
    <p>
      <Inline text={block.text} />
    </p>
  );
}

export function Markdown({ text }) {
  return (
    <div className="md">
      {blocks(text).map((block, at) => (
        <Block key={at} block={block} />
      ))}
    </div>
  );
}
