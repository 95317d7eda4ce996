import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLocalZone } from './local-zone.ts';

function start(processZone: string, link: string) {
  const machine = { link };
  const changed = createLocalZone({
    processZone,
    readLink: () => {
      if (machine.link === '') throw new Error('ENOENT');
      return machine.link;
    },
  });
  return { machine, changed };
}

test('the zone of the machine is followed once it is another than at the start', () => {
  const { machine, changed } = start('Europe/Berlin', '/usr/share/zoneinfo/Europe/Berlin');
  assert.equal(changed(), undefined);
  machine.link = '../usr/share/zoneinfo/America/Argentina/Buenos_Aires';
  assert.match(changed()!, /^America\/.*Buenos_Aires$/);
  machine.link = '/usr/share/zoneinfo/Europe/Berlin';
  assert.equal(changed(), undefined);
});

test('a zone that the environment names is kept, and what is no zone says nothing', () => {
  const { machine, changed } = start('Asia/Tokyo', '/usr/share/zoneinfo/Europe/Berlin');
  machine.link = '/usr/share/zoneinfo/Europe/Paris';
  assert.equal(changed(), undefined);
  const other = start('Europe/Berlin', '/usr/share/zoneinfo/Europe/Berlin');
  for (const link of ['', '/etc/zone', '/usr/share/zoneinfo/No/Where']) {
    other.machine.link = link;
    assert.equal(other.changed(), undefined);
  }
});
