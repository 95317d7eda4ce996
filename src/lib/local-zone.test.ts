import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { changedZone, followZone } from './local-zone.ts';

test('a process follows the zone of the machine, but for the moment in which its file is missing', async () => {
  const clock = new ManualClock();
  const machine = { link: 'Europe/Berlin', forgotten: 0 };
  using _ = followZone({
    clock,
    forget: () => machine.forgotten++,
    readMark: () => {
      if (machine.link === '') throw new Error('ENOENT');
      return machine.link;
    },
  });
  const forgottenAfter = async (link: string) => {
    machine.link = link;
    await clock.advance(60_000);
    return machine.forgotten;
  };
  const links = ['Europe/Berlin', '', 'Europe/Berlin', 'America/St_Johns', '', 'Europe/Berlin'];
  const counts: number[] = [];
  for (const link of links) counts.push(await forgottenAfter(link));
  assert.deepEqual(counts, [0, 0, 0, 1, 1, 2]);
});

test('schedules are told a zone that is another than that of the start', async (t) => {
  const before = process.env.TZ;
  t.after(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });
  assert.equal(changedZone(), undefined);
  const clock = new ManualClock();
  let link = 'where it began';
  const forget = () => {
    process.env.TZ = link;
  };
  using _ = followZone({ clock, forget, readMark: () => link });
  link = 'Australia/Lord_Howe';
  await clock.advance(60_000);
  assert.equal(changedZone(), 'Australia/Lord_Howe');
  assert.equal(new Date('2026-04-04T15:00Z').getMinutes(), 30);
});
