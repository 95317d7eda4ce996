import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { ByteBudget } from '../../lib/byte-budget.ts';
import { Spool } from './spool.ts';
import { SpooledOutput } from './spooled-output.ts';

test('outputs share their memory until their replies are queued; what finds no room goes to a file', async (t) => {
  const outputs = new ByteBudget(1000);
  const { path } = await tempFolder(t);
  const gather = async (bytes: number) => {
    using spool = new Spool({ spoolFolder: path, outputs });
    const output = new SpooledOutput(spool);
    await output.add(Buffer.alloc(bytes / 2, 'x'));
    await output.add(Buffer.alloc(bytes / 2, 'x'));
    return output.reply();
  };
  const first = await gather(800);
  assert.ok(first.reply instanceof Uint8Array);
  const second = await gather(400);
  assert.ok(!(second.reply instanceof Uint8Array));
  assert.equal((await stat(second.reply!.path)).size, 400);
  first.release!();
  assert.ok((await gather(1000)).reply instanceof Uint8Array);
});

test('an output that is given up gives its memory back', async (t) => {
  const outputs = new ByteBudget(1000);
  const { path } = await tempFolder(t);
  for (let round = 0; round < 3; round++) {
    using spool = new Spool({ spoolFolder: path, outputs });
    await new SpooledOutput(spool).add(Buffer.alloc(900));
  }
  assert.ok(outputs.hold(1000));
});
