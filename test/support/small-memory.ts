import { syncBuiltinESMExports } from 'node:module';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';

/** Says how large a thing a process under test may make, bytes. */
const VARIABLE = 'STEWARD_TEST_MEMORY';

/** The environment of a node that the kernel kills, for want of memory, when it unpacks or joins more than this, bytes. */
export function smallMemory(bytes: number): NodeJS.ProcessEnv {
  const preload = `--import=${pathToFileURL(import.meta.filename)}`;
  return { [VARIABLE]: String(bytes), NODE_OPTIONS: `--disable-warning=ExperimentalWarning ${preload}` };
}

function killAbove(bytes: number): void {
  const judge = <Made extends Uint8Array>(made: Made): Made => {
    if (made.length > bytes) process.kill(process.pid, 'SIGKILL');
    return made;
  };
  const { zstdDecompressSync } = zlib;
  zlib.zstdDecompressSync = (...args) => judge(zstdDecompressSync(...args));
  syncBuiltinESMExports();
  const concat = Buffer.concat.bind(Buffer);
  Buffer.concat = (...args) => judge(concat(...args));
  const { allocUnsafeSlow } = Buffer;
  Buffer.allocUnsafeSlow = (size) => judge(allocUnsafeSlow(size));
}

const bytes = process.env[VARIABLE];
if (bytes !== undefined) killAbove(Number(bytes));
