import { makeDeeds } from './asks.ts';
import { Chance } from './chance.ts';
import { Timeline } from './timeline.ts';
import { Truth } from './truth.ts';
import { Workload } from './workload.ts';
import { World } from './world.ts';

const NODES = ['central', 'ship1', 'ship2', 'ship3'];
/** In which time as much is asked for as in a run of five minutes, h. */
const ROUND_HOURS = 24;

/** How fast a fleet lived that has little to do, in good weather. */
export interface LightLoad {
  readonly asks: number;
  /** How often something happened, for each hour of a node. */
  readonly eventsPerNodeHour: number;
  /** Hours of a node for each second of a processor. */
  readonly nodeHoursPerSecond: number;
}

/** Lets a fleet live for some hours, with hellos as often as they come unless told, and asks it for something each hour. */
export async function liveLightly(hours: number): Promise<LightLoad> {
  const timeline = new Timeline({ keepsStory: false, mostEvents: Number.POSITIVE_INFINITY });
  const chance = new Chance('light load');
  const truth = new Truth(timeline, { mayRepeat: () => true });
  const world = new World({ timeline, chance, truth, swaps: {}, settings: { helloIntervalSeconds: 900 } });
  for (const name of NODES) world.add(name);
  const workload = new Workload(world);
  for (let at = 0; at < hours; at += ROUND_HOURS) {
    const lastsMs = Math.min(ROUND_HOURS, hours - at) * 3_600_000;
    const deeds = makeDeeds(chance.fork(`deeds ${at}`), { nodes: NODES, lastsMs, asks: 'first' });
    workload.plan(deeds.map((deed) => ({ ...deed, at: deed.at + at * 3_600_000 })));
  }
  const before = process.cpuUsage();
  await timeline.runUntil(hours * 3_600_000);
  const { user, system } = process.cpuUsage(before);
  world.end();
  const nodeHours = hours * NODES.length;
  return {
    asks: workload.asks.length,
    eventsPerNodeHour: timeline.count / nodeHours,
    nodeHoursPerSecond: nodeHours / ((user + system) / 1e6),
  };
}
