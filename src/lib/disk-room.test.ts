import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { DiskRoom, describeShortage, freeBytesOf } from './disk-room.ts';

const MB = 1024 * 1024;

test('a disk is nearly full below 5 %, which counts as 100 MB at least and 1 GB at most', () => {
  const of = (freeMb: number, allMb: number) =>
    describeShortage('/x', { freeBytes: freeMb * MB, allBytes: allMb * MB });
  assert.equal(of(101, 1000), undefined);
  assert.equal(of(99, 1000), 'the disk of /x is nearly full (99 MB are free, 100 MB have to be)');
  assert.equal(of(501, 10_000), undefined);
  assert.match(of(499, 10_000)!, /499 MB are free, 500 MB have to be/);
  assert.equal(of(1100, 2_000_000), undefined);
  assert.match(of(1000, 2_000_000)!, /1024 MB have to be/);
});

test('a disk that can not be asked is taken to have room', async () => {
  assert.equal(await new DiskRoom('/no/such/folder').shortage(), undefined);
  assert.ok(!(await new DiskRoom(tmpdir()).shortage())?.includes('NaN'));
});

test('a disk that does not count its space is not a full one', async () => {
  assert.equal(freeBytesOf({ bavail: 0, blocks: 10, bsize: 4096 }), 0);
  assert.equal(await new DiskRoom('/proc').shortage(), undefined);
});
