/**
 * Rows that come with a request: from pasted text to an array of objects.
 *
 * Text is a JSON array of objects, or a table with a line of names above it, as spreadsheets copy it (with tabs) or
 * save it (CSV, RFC 4180; in much of Europe with semicolons).
 */

/** The text is no rows. The message says why, for the person who pasted it. */
export class NoRows extends Error {}

/**
 * @param {string} text
 * @returns {object[]|null} null when there is nothing
 */
export function rowsOf(text) {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  return trimmed.startsWith("[") || trimmed.startsWith("{") ? fromJson(trimmed) : fromTable(text);
}

function fromJson(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new NoRows(`it is not JSON: ${error.message}`);
  }
  const isObject = (row) => typeof row === "object" && row !== null && !Array.isArray(row);
  const rows = [value].flat();
  const wrong = rows.findIndex((row) => !isObject(row));
  if (wrong >= 0) throw new NoRows(`row ${wrong + 1} is not an object`);
  return rows;
}

function fromTable(text) {
  const separator = separatorOf(text);
  const [names, ...records] = recordsOf(text.replace(/^\ufeff/, ""), separator);
  const header = names.map((name) => name.text.trim());
  if (header.includes("")) throw new NoRows("the first line names the columns, and one of them has no name");
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice) throw new NoRows(`two columns are called ${twice}`);
  if (!records.length) throw new NoRows("there is a line of names, and no rows below it");
  return records.map((record, i) => {
    if (record.length > header.length) throw new NoRows(`row ${i + 1} has more cells than there are columns`);
    return Object.fromEntries(header.map((name, at) => [name, valueOf(record[at], separator)]));
  });
}

/** The one that is most often in the first line. */
function separatorOf(text) {
  const line = text.trimStart().split(/\r?\n/, 1)[0];
  const counted = ["\t", ";", ","].map((separator) => ({ separator, count: line.split(separator).length }));
  return counted.reduce((best, one) => (one.count > best.count ? one : best)).separator;
}

/** The cells of each record. Whoever quotes a cell means text, even if it looks like a number. */
function recordsOf(text, separator) {
  const cell = new RegExp(`(?:"((?:[^"]|"")*)"|([^"\\r\\n${separator}][^\\r\\n${separator}]*)?)(${separator}|\\r?\\n|$)`, "y");
  const records = [];
  let record = [];
  while (cell.lastIndex < text.length) {
    const from = cell.lastIndex;
    const found = cell.exec(text);
    if (!found) throw new NoRows(`row ${records.length} has a quotation mark that is not closed, or text behind one`);
    const [, quoted, plain = "", end] = found;
    record.push({ text: quoted?.replaceAll('""', '"') ?? plain.trim(), isQuoted: quoted !== undefined });
    if (end === separator && cell.lastIndex < text.length) continue;
    if (end === separator) record.push({ text: "", isQuoted: false });
    // A line with nothing in it is no record.
    if (record.length > 1 || record[0].isQuoted || record[0].text !== "") records.push(record);
    record = [];
    if (cell.lastIndex === from) break;
  }
  return records;
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;
const WITH_COMMA = /^-?(0|[1-9]\d*),\d+$/;

function valueOf(cell, separator) {
  if (!cell || (cell.text === "" && !cell.isQuoted)) return null;
  if (cell.isQuoted) return cell.text;
  // Semicolons are used where the comma is in the numbers.
  const text = separator === ";" && WITH_COMMA.test(cell.text) ? cell.text.replace(",", ".") : cell.text;
  const number = NUMBER.test(text) ? Number(text) : NaN;
  // 007 is a name, and a number with twenty digits would come out as another one.
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number)) ? number : cell.text;
}
