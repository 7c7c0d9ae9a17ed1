// Lines that only the browser has, kept as a file.

/** One line a line: its time, its source, its text. */
export function textOf(lines) {
  return lines.map((line) => `${line.ts} ${line.host} ${line.message}\n`).join("");
}

export function saveLines(lines) {
  const address = URL.createObjectURL(new Blob([textOf(lines)], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `logs-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
