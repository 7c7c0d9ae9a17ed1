// Pure, but for the one request: the beginning of a file as a text that may be shown.

/** So many bytes are read and shown; the rest is for whoever downloads the file. */
export const SHOWN_BYTES = 65536;

/** What reorders, hides or rings is written out, so that nobody reads another text than the one that is there. */
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
const written = (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** The text with such marks written out. */
export const plainly = (text) => text.replace(HIDDEN, written);

/** The bytes as `{text, isBinary}`. A whole JSON document is laid out; of a cut text the last, broken letter is left away. */
export function laidOut(bytes, name, isCut) {
  if (bytes.includes(0)) return { text: "", isBinary: true };
  const plain = new TextDecoder().decode(bytes, { stream: isCut });
  return { text: plainly(isCut ? plain : pretty(plain, name)), isBinary: false };
}

function pretty(text, name) {
  if (!/\.json$/i.test(name)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The first bytes of an answer, and whether there are more; the rest is not waited for. */
export async function firstBytes(answer, most = SHOWN_BYTES) {
  const reader = answer.body.getReader();
  const found = new Uint8Array(most);
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { bytes: found.subarray(0, length), isCut: false };
    const room = most - length;
    found.set(value.subarray(0, room), length);
    length += Math.min(room, value.length);
    if (value.length > room) {
      reader.cancel().catch(() => {});
      return { bytes: found, isCut: true };
    }
  }
}

/** Ask for a file and give its beginning. */
export async function readBeginning(url, name, signal) {
  const answer = await fetch(url, { signal, credentials: "same-origin" });
  if (!answer.ok) throw new Error(`the file answered ${answer.status}`);
  const { bytes, isCut } = await firstBytes(answer);
  return { ...laidOut(bytes, name, isCut), isCut };
}
