import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

// Reads a file, takes its sha256, and writes it to another, durably: what one process needs for a local copy.

const [source = '', target = ''] = process.argv.slice(2);
const BLOCK_BYTES = 512 * 1024;

await using from = await open(source, 'r');
await using to = await open(target, 'w');
const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
const hash = createHash('sha256');
const before = performance.now();
let bytes = 0;
for (;;) {
  const { bytesRead } = await from.read(block, 0, BLOCK_BYTES);
  if (bytesRead === 0) break;
  hash.update(block.subarray(0, bytesRead));
  await to.write(block, 0, bytesRead);
  bytes += bytesRead;
}
await to.sync();
const seconds = (performance.now() - before) / 1000;
process.stdout.write(JSON.stringify({ perSecond: bytes / seconds, sha256: hash.digest('hex') }));
