import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';

/** Runs in a process of its own, in which nobody else makes garbage, and whose time stands still but where it is told. */
const PROGRAM = `
  import { setImmediate as turn } from 'node:timers/promises';
  let now = 1000;
  Object.defineProperty(performance, 'now', { value: () => now });
  const garbage = await import(process.argv[1]);
  const { expectGarbage, keepGarbageSmall } = garbage;
  const look = () => garbage.lookForGarbage();
  keepGarbageSmall(0);

  // Whether it is collected when so much has come together.
  async function isCollected(megabytes) {
    // What the first leaves to another thread is done when the second begins.
    gc();
    gc();
    look();
    // Only a full collection clears one of these.
    const old = new WeakRef({});
    await turn();
    const held = new Uint8Array(megabytes * 1024 * 1024);
    look();
    return held.length > 0 && old.deref() === undefined;
  }

  const found = {};
  found.little = await isCollected(6);
  found.much = await isCollected(20);
  const work = expectGarbage(20 * 1024 * 1024);
  found.expected = await isCollected(20);
  found.more = await isCollected(40);
  const second = expectGarbage(10 * 1024 * 1024);
  found.ofBoth = await isCollected(40);
  second[Symbol.dispose]();
  work[Symbol.dispose]();
  found.soonAfter = await isCollected(20);
  now += 3001;
  found.later = await isCollected(20);
  expectGarbage(1024 ** 3);
  found.mostExpected = await isCollected(45);
  found.tooMuch = await isCollected(60);
  console.log(JSON.stringify(found));
`;

describe('keepGarbageSmall', () => {
  it('collects garbage that a work did not say it would make, until a while after its end', () => {
    const flags = ['--expose-gc', '--initial-old-space-size=512', '--input-type=module', '--eval', PROGRAM];
    const module = new URL('collect-garbage.ts', import.meta.url).href;
    const found = JSON.parse(execFileSync(process.execPath, [...flags, module], { encoding: 'utf8' }));
    assert.deepEqual(found, {
      ...{ little: false, much: true },
      ...{ expected: false, more: true, ofBoth: false },
      ...{ soonAfter: false, later: true },
      ...{ mostExpected: false, tooMuch: true },
    });
  });
});
