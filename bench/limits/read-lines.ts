import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

// Reads a file line by line and does nothing with the lines: what one process does of a tail, without the network.
// Prints how many lines per second.

const [path = ''] = process.argv.slice(2);
let lines = 0;

const before = performance.now();
for await (const _ of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) lines += 1;
const seconds = (performance.now() - before) / 1000;
process.stdout.write(`${JSON.stringify({ perSecond: lines / seconds, lines })}\n`);
