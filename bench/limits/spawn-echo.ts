import { spawn } from 'node:child_process';

// The limit of commands: starts /bin/echo again and again, some at a time, reads its output, does nothing else.
// Prints how many per second ended.

const [countText, atATimeText] = process.argv.slice(2);
const count = Number(countText);
let started = 0;

const before = performance.now();
await Promise.all(Array.from({ length: Number(atATimeText) }, lane));
const seconds = (performance.now() - before) / 1000;
process.stdout.write(`${JSON.stringify({ perSecond: count / seconds })}\n`);

async function lane(): Promise<void> {
  while (started < count) {
    started += 1;
    await echo();
  }
}

function echo(): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn('/bin/echo', ['sixteen-letters'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (piece: Buffer) => {
      output += piece;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 && output === 'sixteen-letters\n') resolve();
      else reject(new Error(`echo ended with ${code} and ${JSON.stringify(output)}`));
    });
  });
}
