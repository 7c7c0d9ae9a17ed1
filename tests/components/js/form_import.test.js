import assert from "node:assert/strict";
import { test } from "node:test";
import { besides, gridColumns, inRow, isBlank } from "../../../assets/ui/form/columns.js";
import { cells, cellValue, filledFrom, headingOf, separatorOf } from "../../../assets/ui/form/delimited.js";
import { readPairs, readTable } from "../../../assets/ui/form/imports.js";
import { isZone, readZone, seconds } from "../../../assets/ui/form/zone_text.js";

const type = { name: "type", kind: "enum", title: "Type", titlePt: "Tipo", options: ["A", "AAAA", "CNAME", "MX", "TXT", "SRV", "CAA"].map((value) => ({ value, label: value })) };
const name = { name: "name", kind: "string", title: "Name", titlePt: "Nome" };
const content = { name: "content", kind: "string", title: "Content", titlePt: "Conteúdo" };
const ttl = { name: "ttl", kind: "integer", title: "TTL", titlePt: "TTL", named: [{ value: 1, label: "auto" }] };
const proxied = { name: "proxied", kind: "boolean", title: "Proxy", titlePt: "Proxy" };
const priority = { name: "priority", kind: "integer", title: "Priority", titlePt: "Prioridade" };
const data = { name: "data", kind: "json", title: "Data", titlePt: "Dados" };
const records = { grid: ["type", "name", "content", "ttl", "proxied"], import: ["zone"], columns: [name, type, content, ttl, proxied, priority, data] };

test("the row holds the named columns in their order, the others stand below", () => {
  assert.deepEqual(inRow(records).map((each) => each.name), ["type", "name", "content", "ttl", "proxied"]);
  assert.deepEqual(besides(records).map((each) => each.name), ["priority", "data"]);
  assert.equal(gridColumns([type, name, { kind: "string", maxLength: 2000 }], 2), "minmax(88px, 116px) minmax(96px, 1fr) minmax(128px, 2fr) 40px 40px");
  assert.equal(isBlank({}, { ttl: 1 }), true);
  assert.equal(isBlank({ ttl: 1 }, { ttl: 1 }), true);
  assert.equal(isBlank({ ttl: 2 }, { ttl: 1 }), false);
});

test("cells may be quoted and hold separators, line breaks and quotes", () => {
  assert.deepEqual(cells('a;"b;\n""c""";\r\n\r\nd;e;f'), [["a", 'b;\n"c"', ""], ["d", "e", "f"]]);
  assert.equal(separatorOf('a\t"x,y,z"'), "\t");
  assert.equal(separatorOf("one"), "\t");
});

test("a cell gets the type of its column, and what does not fit stays for the server to refuse", () => {
  assert.equal(cellValue(type, "cname"), "CNAME");
  assert.equal(cellValue(type, "WEIRD"), "WEIRD");
  assert.equal(cellValue(ttl, "Auto"), 1);
  assert.equal(cellValue(ttl, "300"), 300);
  assert.equal(cellValue(ttl, "soon"), "soon");
  assert.equal(cellValue(proxied, "Sim"), true);
  assert.equal(cellValue(proxied, "off"), false);
  assert.equal(cellValue(proxied, "perhaps"), "perhaps");
  assert.deepEqual(cellValue(data, '{"port":1}'), { port: 1 });
  assert.equal(cellValue(data, "{"), "{");
  assert.deepEqual(cellValue({ kind: "array", item: { kind: "string" } }, "a; b"), ["a", "b"]);
  assert.equal(cellValue(name, ""), undefined);
});

test("a heading may use names or titles of either language; half of it must be known", () => {
  assert.deepEqual(headingOf(["TIPO", "conteudo", "zz"], records.columns), [type, content, null]);
  assert.equal(headingOf(["A", "www", "203.0.113.1"], records.columns), null);
});

test("CSV with a heading is read by it and says which columns it does not know", () => {
  const found = readTable("name,type,content,colour\nwww,a,203.0.113.1,red\n", records);
  assert.deepEqual(found.items, [{ name: "www", type: "A", content: "203.0.113.1" }]);
  assert.deepEqual(found.faults, [{ code: "column", name: "colour" }]);
  assert.equal(found.isWhole, true);
});

test("cells without a heading are in the order of the table", () => {
  const found = readTable("A\twww\t203.0.113.1\tauto\tx\t10", records);
  assert.deepEqual(found.items, [{ type: "A", name: "www", content: "203.0.113.1", ttl: 1, proxied: true, priority: 10 }]);
  assert.equal(found.isWhole, false);
});

test("a block is written from a cell on, and rows are added as needed", () => {
  const items = [{ type: "A", name: "www", ttl: 300 }];
  const filled = filledFrom(items, [["a", "1.1.1.1"], ["b", ""]], { row: 0, column: 1 }, inRow(records), { ttl: 1 });
  assert.deepEqual(filled, [{ type: "A", name: "a", content: "1.1.1.1", ttl: 300 }, { ttl: 1, name: "b" }]);
  assert.deepEqual(items, [{ type: "A", name: "www", ttl: 300 }]);
});

const ZONE = `$ORIGIN example.com.
$TTL 1h
@   IN SOA ns1.example.com. admin.example.com. ( 1 7200
        3600 1209600 3600 ) ; serial and times
         IN  NS    ns1.example.com.
sub      IN  NS    ns1.other.net.
@        IN  A     203.0.113.1
www  300 IN  CNAME @
     IN  TXT   "v=spf1 include:x.net; -all" " more"
mail     IN MX 10 mx1
_sip._tcp IN SRV 1 2 5060 sip.other.net.
@ IN CAA 0 issue "letsencrypt.org"
edge 1 IN A 203.0.113.2 ; cf_tags=cf-proxied:true
`;

test("a zone file is read with its origin, times, continued lines and quoted text, without its own SOA and NS", () => {
  assert.equal(isZone(ZONE), true);
  assert.deepEqual(readZone(ZONE), {
    faults: [],
    items: [
      { type: "NS", name: "sub.example.com", content: "ns1.other.net", ttl: 3600 },
      { type: "A", name: "example.com", content: "203.0.113.1", ttl: 3600 },
      { type: "CNAME", name: "www.example.com", content: "example.com", ttl: 300 },
      { type: "TXT", name: "www.example.com", content: "v=spf1 include:x.net; -all more", ttl: 3600 },
      { type: "MX", name: "mail.example.com", priority: 10, content: "mx1.example.com", ttl: 3600 },
      { type: "SRV", name: "_sip._tcp.example.com", data: { priority: 1, weight: 2, port: 5060, target: "sip.other.net" }, ttl: 3600 },
      { type: "CAA", name: "example.com", data: { flags: 0, tag: "issue", value: "letsencrypt.org" }, ttl: 3600 },
      { type: "A", name: "edge.example.com", content: "203.0.113.2", ttl: 1, proxied: true },
    ],
  });
});

test("without an origin names stay relative, and lines that cannot be read are named", () => {
  const found = readZone("$INCLUDE x\nwww IN A 203.0.113.1\nbad IN MX ten mx\nodd IN WEIRD x\n");
  assert.deepEqual(found.items, [{ type: "A", name: "www", content: "203.0.113.1" }]);
  assert.deepEqual(found.faults, [{ line: 1, code: "directive" }, { line: 3, code: "content" }, { line: 4, code: "type" }]);
});

test("times of a zone have units", () => {
  assert.equal(seconds("1h30m"), 5400);
  assert.equal(seconds("300"), 300);
  assert.equal(seconds("IN"), undefined);
});

test("cells are not taken for a zone, and a table that wants no zone gets none", () => {
  assert.equal(isZone("A\twww\t203.0.113.1\nMX\tmail\tmx1"), false);
  assert.equal(isZone("type,name\nA,www"), false);
  assert.equal(readTable(ZONE, { ...records, import: undefined }).isWhole, false);
});

test("five thousand lines are read at once", () => {
  const lines = Array.from({ length: 5000 }, (_, at) => `host${at} IN A 203.0.113.${at % 256}`);
  assert.equal(readTable(`$ORIGIN example.com.\n${lines.join("\n")}`, records).items.length, 5000);
});

test("lines of an env file become pairs, and other text does not", () => {
  assert.deepEqual(readPairs('# one\nexport A=1\nB="two words"\nC=a=b\n'), { A: "1", B: "two words", C: "a=b" });
  assert.equal(readPairs("just words"), null);
  assert.equal(readPairs("NAME"), null);
});
