import { addRun, BlockFinder, FINE_BLOCK_BYTES, MOST_BLOCKS, type Readable, type Run } from './block-sums.ts';

/** The word for a node that tells sums of small blocks here and there. */
export const FINE_WORD = 'fine-blocks';

/** No more than this share of a file is compared in small blocks. */
const MOST_SHARE = 0.25;
/** A shorter stretch between bytes that travel costs more than they do, bytes. */
const LEAST_BYTES = 1024;

/** A file, and where something is taken from it. */
export interface Sizes {
  readonly source: number;
  readonly there: number;
}

/** What of a file is not among its runs, in order: stretches of the file, from `start` to `end`. */
export function gapsOf(runs: readonly Run[], size: number): { start: number; end: number }[] {
  const gaps: { start: number; end: number }[] = [];
  let at = 0;
  for (const { start, end } of [...runs, { start: size, end: size }]) {
    if (start > at) gaps.push({ start: at, end: start });
    at = Math.max(at, end);
  }
  return gaps;
}

/**
 * The small blocks of a target's file that no run takes, where there are runs and much of both files is in them: what is left of
 * a file that is another one altogether is not looked at more closely.
 */
export function fineBlocksOf(runs: readonly Run[], { source, there }: Sizes): readonly number[] {
  const taken = runs.map(({ start, end, from }) => ({ start: from, end: from + end - start, from: 0 }));
  const gaps = gapsOf(
    taken.sort((a, b) => a.start - b.start),
    there,
  );
  const isLittle = (stretches: readonly { start: number; end: number }[], size: number) =>
    stretches.reduce((sum, { start, end }) => sum + end - start, 0) <= MOST_SHARE * size;
  if (runs.length === 0 || !isLittle(gaps, there) || !isLittle(gapsOf(runs, source), source)) return [];
  const blocks: number[] = [];
  for (const { start, end } of gaps) {
    const last = Math.min(Math.ceil(end / FINE_BLOCK_BYTES), Math.floor(there / FINE_BLOCK_BYTES));
    const first = Math.max(Math.floor(start / FINE_BLOCK_BYTES), (blocks.at(-1) ?? -1) + 1);
    for (let block = first; block < last; block++) blocks.push(block);
  }
  return blocks.length <= MOST_BLOCKS ? blocks : [];
}

/** The runs of a file with what of the rest is among small blocks, whose sums these are. Throws what reading throws. */
export async function findFine(
  file: Readable,
  {
    runs,
    size,
    sums,
    blocks,
  }: { runs: readonly Run[]; size: number; sums: Uint8Array; blocks: readonly number[] },
  signal: AbortSignal,
): Promise<readonly Run[]> {
  const finder = new BlockFinder(sums, FINE_BLOCK_BYTES, blocks);
  const fine: Run[] = [];
  for (const { start, end } of gapsOf(runs, size)) {
    const within: Readable = {
      read: (position, into) => file.read(position, into.subarray(0, Math.max(0, end - position))),
    };
    fine.push(...(await finder.find(within, start, signal)));
  }
  const all: Run[] = [];
  for (const run of [...runs, ...fine].sort((a, b) => a.start - b.start)) addRun(all, run);
  return all.filter((run) => run.end - run.start >= LEAST_BYTES);
}

/** Blocks as the text of a question: `<first>+<count>` in a row, with commas between them. */
export function formatBlocks(blocks: readonly number[]): string {
  const rows: { first: number; count: number }[] = [];
  for (const block of blocks) {
    const last = rows.at(-1);
    if (last && last.first + last.count === block) last.count++;
    else rows.push({ first: block, count: 1 });
  }
  return rows.map(({ first, count }) => `${first}+${count}`).join();
}

/** Reads `formatBlocks` back, as rows of `most` blocks in all; undefined for any other text. */
export function parseBlocks(
  text: string,
  most: number,
): readonly { readonly first: number; readonly count: number }[] | undefined {
  let left = most;
  const rows: { first: number; count: number }[] = [];
  for (const row of text.split(',')) {
    const [, first, count] = /^(\d{1,12})\+(\d{1,6})$/.exec(row) ?? [];
    if (count === undefined) return undefined;
    const taken = Math.min(left, Number(count));
    left -= taken;
    if (taken > 0) rows.push({ first: Number(first), count: taken });
  }
  return rows;
}
