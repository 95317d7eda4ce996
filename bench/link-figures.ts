import { type LinkFigures, type LinkRun, type LinkWork, measureIdle, measureLink } from './measure-link.ts';
import type { Row } from './row.ts';

interface Link {
  readonly name: string;
  readonly work: LinkWork;
}

/** The links that are measured; each of them also with a cut every 20 s. Those of one list at the same time: nodes behind a thin link wait, and use little. */
const LINKS: readonly (readonly Link[])[] = [
  [
    {
      name: '50 kbit/s, 600 ms',
      work: {
        shape: { bitsPerSecond: 50_000, rttMs: 600 },
        largeBytes: 500_000,
        smallMessages: 150,
      },
    },
    {
      name: '9.6 kbit/s, 1.4 s',
      work: {
        shape: { bitsPerSecond: 9600, rttMs: 1400 },
        largeBytes: 100_000,
        smallMessages: 30,
      },
    },
  ],
  [
    {
      name: '2 Mbit/s, 40 ms',
      work: {
        shape: { bitsPerSecond: 2e6, rttMs: 40 },
        largeBytes: 5_000_000,
        smallMessages: 1500,
      },
    },
  ],
];
const CUT_EVERY_MS = 20_000;

/** What a node does over thin links, each value with what the bytes alone would take. */
export async function linkFigures(): Promise<Row[]> {
  const rows: Row[] = [];
  // It waits, and uses nothing that the others need.
  const idle = measureIdle();
  idle.catch(() => {});
  for (const links of LINKS) {
    const found = links.flatMap((link) => [rowsOver(link), rowsOver(link, CUT_EVERY_MS)]);
    rows.push(...(await Promise.all(found)).flat());
  }
  rows.push({
    ...{ name: 'link', figure: 'an idle node', value: (await idle) / 1000 },
    ...{ unit: 'kB a day', goal: { atMost: 350 } },
  });
  return rows.map((row) => ({ ...row, name: 'link' }));
}

/** What is found over one link; where that fails the others are told all the same. */
async function rowsOver({ name, work }: Link, cutEveryMs?: number): Promise<Row[]> {
  const link = cutEveryMs === undefined ? name : `${name}, cut every ${cutEveryMs / 1000} s`;
  try {
    const rows = rowsOf(link, await measureLink({ ...work, cutEveryMs }), urgentSecondsOver(work));
    return cutEveryMs === undefined ? rows : rows.filter(({ unit }) => unit === 's' || unit === 'kB');
  } catch (error) {
    return [{ name: 'link', figure: link, unit: '', fault: (error as Error).message }];
  }
}

/** Behind what is out it may wait each way: 2 s and a round trip, and below 50 kbit/s 5 s. */
function urgentSecondsOver({ shape }: LinkWork): number {
  return 2 * ((shape.bitsPerSecond < 50_000 ? 5 : 2) + shape.rttMs / 1000);
}

function rowsOf(link: string, found: LinkFigures, urgentSeconds: number): Row[] {
  return [
    {
      name: 'link',
      figure: `${link}: taking requests`,
      value: found.startMs / 1000,
      unit: 's ',
      goal: { atMost: 8 },
    },
    ...runRows(`${link}: one large message`, found.large, 1.15),
    {
      ...{ name: 'link', figure: `${link}: a small message meanwhile`, value: found.smallMeanwhileMs / 1000 },
      ...{ unit: 's ', goal: { atMost: 6 } },
    },
    ...runRows(`${link}: many small messages`, found.small, 1.35),
    ...runRows(`${link}: many small messages of random bytes`, found.random, 1.35),
    ...runRows(`${link}: many small commands with their answers`, found.commands, 1, null),
    ...runRows(`${link}: output of a command`, found.output, 1.15),
    ...runRows(`${link}: output that is followed, and replied`, found.followed, 1.15),
    ...runRows(`${link}: text that is followed, beside its zstd`, found.text, 1.1),
    {
      ...{ name: 'link', figure: `${link}: an urgent command beside everything both ways` },
      ...{ value: found.urgentMs / 1000, unit: 's ', goal: { atMost: urgentSeconds } },
    },
    // The sums by which it is known what is the same are no part of what changed; to read and to sum up the files takes the machine's time.
    ...runRows(`${link}: a copy of 10 MB with 100 changes of 1 kB`, found.copy, 3.3, null),
  ];
}

function runRows(figure: string, run: LinkRun, mostBytes: number, mostTime: number | null = 1.25): Row[] {
  const { seconds, idealSeconds, bytes, idealBytes, reconnects } = run;
  return [
    {
      ...{ name: 'link', figure: `${figure}, time`, value: seconds, unit: 's', limit: idealSeconds },
      ...{ ratio: seconds / idealSeconds, note: `${reconnects} reconnects` },
      ...(mostTime !== null && { goal: { atMost: mostTime } }),
    },
    {
      ...{
        name: 'link',
        figure: `${figure}, bytes`,
        value: bytes / 1000,
        unit: 'kB',
        limit: idealBytes / 1000,
      },
      ...{ ratio: bytes / idealBytes, goal: { atMost: mostBytes } },
    },
  ];
}
