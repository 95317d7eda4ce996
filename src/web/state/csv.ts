/**
 * Rows as CSV (RFC 4180). What a spreadsheet would take for a formula is a text: nodes say what stands in the cells. Some
 * spreadsheets take cells apart at semicolons and tabs, whatever quotes there are.
 */
export function toCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.map(field).join(',')}\r\n`).join('');
}

function field(text: string): string {
  const split = text.replace(/[;\t\r\n](?=[=+\-@])/g, "$&'");
  const safe = /^[=+\-@\t\r]/.test(split) ? `'${split}` : split;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
