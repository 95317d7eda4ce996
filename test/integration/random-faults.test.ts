import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { backUp, faultsOf, last, restore, type Victim } from '../support/fault-rounds.ts';
import { FAST_RECONNECT } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { randomTest } from '../support/random-test.ts';
import { ShiftedClock } from '../support/shifted-clock.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

/** `STEWARD_TEST_ROUNDS=100` makes it long. */
const ROUNDS = Number(process.env.STEWARD_TEST_ROUNDS ?? 4);
const IN_ROUND = 20;
const mayMount = await canMount();

/** What was handed in: the id where the answer came, and whether a restored database has forgotten it since. */
interface Sent {
  readonly kind: 'append' | 'run';
  readonly number: number;
  id: string | undefined;
  isForgotten: boolean;
}

randomTest(
  'nothing that was accepted is lost, doubled or told wrongly, whatever mixture of faults comes',
  async (t, { seed, random, share }) => {
    const { broker, central, ship1 } = await startVictims(t);
    const faults = [...faultsOf(broker, [central, ship1], { random, scope: t })];
    const sent: Sent[] = [];
    const work = () => handIn(central.node, ship1.node, sent);
    const log: string[] = [];
    for (let round = 0; round < share(ROUNDS); round++) {
      await work();
      const isRestored = round > 0 && round % 3 === 0;
      log.push(isRestored ? await goBack(central.node, sent, random) : await strike(faults, random, work));
      if (round % 3 === 0) await backUp(central.node);
    }
    const about = `seed ${seed}: ${log.join('; ')}`;
    t.diagnostic(about);
    await waitForAllEnds(central.node, about);
    check(sent, central.node, ship1.node, about);
  },
);

/** Restores the sender, which then knows nothing of what was handed in since. */
async function goBack(central: StewardNode, sent: readonly Sent[], random: () => number): Promise<string> {
  const isInPlace = random() < 0.5;
  await restore(central, isInPlace);
  for (const one of sent) one.isForgotten ||= !isKnown(central, one.id);
  return `central is restored${isInPlace ? ' in place' : ''}`;
}

async function startVictims(t: TestContext) {
  const broker = await startBroker(t);
  const start = async (name: string): Promise<Victim> => {
    const { path: folder } = await tempFolder(t);
    const disk = mayMount ? await mountSmallDisk(join(folder, 'var/lib'), t) : undefined;
    const clock = new ShiftedClock(join(folder, 'clock'));
    const node = await startStewardNode({ name, broker, folder, flags: FAST_RECONNECT, env: clock.env }, t);
    return { node, disk, clock };
  };
  const [central, ship1] = await Promise.all([start('central'), start('ship1')]);
  return { broker, central, ship1 };
}

/** One to three faults at once, for up to 3 s, and more work in the middle of it. */
async function strike(
  faults: readonly (readonly [string, () => Promise<() => Promise<void>>])[],
  random: () => number,
  work: () => Promise<void>,
): Promise<string> {
  const chosen = new Map(
    Array.from({ length: 1 + Math.floor(random() * 3) }, () => faults[Math.floor(random() * faults.length)]!),
  );
  // What does not run cannot be stopped or traced, and what is frozen does not stop.
  const subjects = new Set<string>();
  const ends: (() => Promise<void>)[] = [];
  const starts: (() => Promise<void>)[] = [];
  const names: string[] = [];
  for (const [name, fault] of chosen) {
    const [subject] = name.split(' ');
    const isExclusive = /killed|stopped|freezes|syncs/.test(name);
    if (isExclusive && subjects.has(subject!)) continue;
    if (isExclusive) subjects.add(subject!);
    names.push(name);
    // No node starts on a full disk, and none does on a database that is locked.
    (isExclusive ? starts : ends).push(await fault());
  }
  await work();
  await last(random() * 3000);
  for (const end of [...ends, ...starts]) await end();
  return names.join(' + ');
}

/** Hands in appends and runs; what has no answer may have been accepted all the same. */
async function handIn(central: StewardNode, ship1: StewardNode, sent: Sent[]): Promise<void> {
  const first = sent.length;
  const kindOf = (number: number) => (number % 2 === 0 ? 'append' : 'run');
  const some = Array.from({ length: IN_ROUND }, (_, index): Sent => {
    const number = first + index;
    return { kind: kindOf(number), number, id: undefined, isForgotten: false };
  });
  sent.push(...some);
  const messages = some.map(({ kind, number }) => (kind === 'append' ? append(number) : run(ship1, number)));
  const answer = await central.submit(messages, 3000).catch(() => undefined);
  for (const { index, id } of (answer?.accepted ?? []) as { index: number; id: string }[])
    some[index]!.id = id;
}

function append(number: number): object {
  const file = { directory: 'out', fileName: 'lines' };
  return { ...to('REQToFileAppend'), ...file, data: [`${number}\n`] };
}

function run(ship1: StewardNode, number: number): object {
  const script = `echo ${number} >> ${join(ship1.folder, 'runs')}`;
  return {
    ...to('REQCliCommand'),
    methodArgs: ['/bin/sh', '-c', script],
    replyMethod: 'REQNone',
    methodTimeout: 60,
  };
}

function to(method: string): object {
  return { toNode: 'ship1', method, ACKTimeout: 1 };
}

function isKnown(node: StewardNode, id: string | undefined): boolean {
  return id !== undefined && node.query('SELECT 1 FROM ledger WHERE id = ?', id).length > 0;
}

async function waitForAllEnds(central: StewardNode, about: string): Promise<void> {
  const open = () =>
    central.query('SELECT id, state, reason FROM ledger WHERE ended_at IS NULL AND batch IS NOT NULL');
  await waitFor('all requests to end', () => open().length === 0, {
    timeoutMs: 90_000,
    intervalMs: 200,
  }).catch((error: Error) => {
    throw new Error(
      `${about}: ${JSON.stringify(open().slice(0, 5))}\n${central.program.output().slice(-4000)}`,
      {
        cause: error,
      },
    );
  });
}

function check(sent: readonly Sent[], central: StewardNode, ship1: StewardNode, about: string): void {
  const appended = numbersIn(join(ship1.dataFolder, 'out/ship1/lines'));
  const ran = numbersIn(join(ship1.folder, 'runs'));
  assert.deepEqual(
    appended,
    appended.toSorted((a, b) => a - b),
    `appends out of order; ${about}`,
  );
  for (const { kind, number, id, isForgotten } of sent) {
    const count = (kind === 'append' ? appended : ran).filter((one) => one === number).length;
    const what = `${kind} ${number} (${id}) was made ${count} times; ${about}`;
    assert.ok(count <= 1, what);
    if (id === undefined || isForgotten) continue;
    const [row] = central.query('SELECT state, reason FROM ledger WHERE id = ?', id);
    const { state, reason } = row as { state: string; reason: string };
    const mayBeCutShort = kind === 'run' && state === 'interrupted';
    assert.ok(state === 'succeeded' || mayBeCutShort, `${what}, but is ${state}: ${reason}`);
    if (state === 'succeeded') assert.equal(count, 1, `${what}, but is ${state}`);
  }
}

function numbersIn(path: string): number[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').trim().split('\n').filter(Boolean).map(Number);
}
