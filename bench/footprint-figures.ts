import { stewardCommand } from '../test/support/node.ts';
import { builtProgram } from './measure-binary.ts';
import { type BareEngine, type Footprint, measureBareEngine, measureFootprint } from './measure-footprint.ts';
import type { Row } from './row.ts';

/** What a program may take: memory above its engine in MB, and the time from its start to the open socket in ms. */
interface Goals {
  readonly aboveMb: number;
  readonly startMs: number;
}

const ON_NODE: Goals = { aboveMb: 16, startMs: 150 };
const AS_SINGLE_FILE: Goals = { aboveMb: 12, startMs: 40 };

/** What an idle node takes, compared with Node.js itself in the same run; and the single file, where it was made. */
export async function footprintFigures(): Promise<Row[]> {
  const bare = await measureBareEngine([process.execPath, '--disable-warning=ExperimentalWarning']);
  const rows = footprintRows('a node', await measureFootprint(stewardCommand()), { bare, goals: ON_NODE });
  const file = builtProgram();
  if (file === undefined) return rows;
  const single = await measureFootprint([file]);
  return [...rows, ...footprintRows('the single file', single, { bare, goals: AS_SINGLE_FILE })];
}

function footprintRows(
  what: string,
  footprint: Footprint,
  { bare, goals }: { bare: BareEngine; goals: Goals },
): Row[] {
  const { idleMb, privateMb, startMs, cpuPercent, writtenKbPerHour } = footprint;
  const name = 'footprint';
  return [
    {
      ...{ name, figure: `idle memory of ${what}, above bare Node.js`, unit: 'MB' },
      ...{ value: idleMb - bare.idleMb, goal: { atMost: goals.aboveMb } },
      note: `${idleMb.toFixed(0)} MB, ${privateMb.toFixed(0)} of it private; Node.js with a database and a socket has ${bare.idleMb.toFixed(0)} MB`,
    },
    {
      ...{ name, figure: `start of ${what}, to the open socket`, unit: 'ms' },
      ...{ value: startMs, limit: bare.startMs, goal: { atMost: goals.startMs } },
      note: 'the limit is Node.js with a database and a socket',
    },
    {
      ...{ name, figure: `processor of ${what} that is idle`, unit: '%' },
      ...{ value: cpuPercent, goal: { atMost: 0.1 } },
    },
    {
      ...{ name, figure: `written to disk by ${what} that is idle, an hour`, unit: 'kB' },
      ...{ value: writtenKbPerHour, goal: { atMost: 50 } },
    },
  ];
}
