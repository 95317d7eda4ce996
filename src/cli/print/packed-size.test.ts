import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { packedSize } from './packed-size.ts';

test('a file takes about what samples of it become, and never more than it has', async (t) => {
  const { path } = await tempFolder(t);
  const file = join(path, 'file');
  const sizeOf = (content: Uint8Array | string) => {
    writeFileSync(file, content);
    return packedSize(file)!;
  };
  assert.equal(sizeOf(''), 0);
  assert.equal(sizeOf(randomBytes(3_000_000)), 3_000_000);
  assert.ok(sizeOf('the same line again and again\n'.repeat(100_000)) < 30_000);
  const half = sizeOf(Buffer.concat([randomBytes(1_000_000), Buffer.alloc(1_000_000)]));
  assert.ok(half > 900_000 && half < 1_100_000, `${half}`);
  assert.equal(packedSize(path), null);
  assert.equal(packedSize(join(path, 'none')), null);
});
