import { toCsv } from '../state/csv.ts';

/** Has the browser save bytes, or a text, under a name. */
export function download(name: string, content: Uint8Array<ArrayBuffer> | Blob | string): void {
  const url = URL.createObjectURL(new Blob([content]));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

/** Has the browser save a table as it is shown: times exact, marks left out. */
export function downloadTable(name: string, table: HTMLTableElement): void {
  const rows = [...table.rows].map((row) => [...row.cells].map(textOf));
  download(`${name}.csv`, toCsv(rows));
}

function textOf(cell: HTMLTableCellElement): string {
  const copy = cell.cloneNode(true) as HTMLElement;
  for (const mark of copy.querySelectorAll('[aria-hidden]')) mark.remove();
  for (const time of copy.querySelectorAll('time')) time.textContent = time.dateTime;
  return copy.textContent?.trim() ?? '';
}
