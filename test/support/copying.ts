import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { disposeAfter } from './dispose-after.ts';
import { ledgerRow, sharedFleet, submitAll, waitForEnd } from './fleet.ts';
import type { StewardNode } from './node.ts';
import { tempFolder } from './temp-folder.ts';

const MB = 1024 * 1024;

/** Makes a file of a size in bytes that cannot be compressed, no two blocks of which are alike. */
export async function makeFile(path: string, bytes: number, mode = 0o644): Promise<void> {
  await using file = await open(path, 'w');
  const block = new Uint32Array(256 * 1024);
  let state = bytes + 1;
  for (let index = 0; index < block.length; index++) {
    state = Math.imul(state, 1664525) + 1013904223;
    block[index] = state;
  }
  for (let written = 0; written < bytes; written += block.byteLength) {
    // Every 64 KB other bytes than in any block before.
    for (let index = 0; index < block.length; index += 16 * 1024) block[index] = written + index;
    await file.write(new Uint8Array(block.buffer), 0, Math.min(block.byteLength, bytes - written));
  }
  await chmod(path, mode);
}

/** That two files hold the same bytes. */
export async function assertSame(path: string, other: string): Promise<void> {
  await using files = new AsyncDisposableStack();
  const both = [files.use(await open(path)), files.use(await open(other))];
  for (let at = 0; ; ) {
    const read = (file: FileHandle) => file.read(Buffer.alloc(MB), 0, MB, at);
    const [one, two] = (await Promise.all(both.map(read))).map(({ buffer, bytesRead }) =>
      buffer.subarray(0, bytesRead),
    );
    assert.ok(one!.equals(two!), `${path} and ${other} are not the same from byte ${at} on`);
    if (one!.length === 0) return;
    at += one!.length;
  }
}

/** A request to copy a file. */
export function copyRequest(
  source: string,
  target: string,
  { from = 'central', to = 'ship1', ...more }: Record<string, unknown> & { from?: string; to?: string } = {},
): Record<string, unknown> {
  return {
    toNode: from,
    method: 'REQCopyFileFrom',
    methodArgs: [source, to, target],
    directory: 'copy',
    fileName: 'copy.log',
    ACKTimeout: 1,
    ...more,
  };
}

/** The file that grows next to a target, and its size; undefined while there is none. */
export async function growing(target: string): Promise<{ path: string; size: number } | undefined> {
  const folder = dirname(target);
  const names = await readdir(folder).catch(() => []);
  const name = names.find((name) => /^\.steward-.*\.copy$/.test(name));
  if (name === undefined) return undefined;
  const path = `${folder}/${name}`;
  return await stat(path).then(
    ({ size }) => ({ path, size }),
    () => undefined,
  );
}

/** What the ledger of the node says of a request, in short. */
export function stateOf(node: StewardNode, id: string): string {
  const row = ledgerRow(node, id);
  return `${row?.state}: ${row?.reason}`;
}

/** Makes a fleet that the tests of a file share; each gets from it places of its own to copy from and to. */
export function copyScenes() {
  const fleet = sharedFleet();
  return async (t: TestContext) => {
    const { central, ship1 } = await fleet();
    const { path } = await tempFolder(t);
    const at = join(path, 'in');
    await mkdir(at);
    return { central, ship1, at, source: join(path, 'source'), target: join(at, 'target') };
  };
}

/** Has a node do a copy, and returns what its ledger says of the end. */
export async function copy(node: StewardNode, request: object): Promise<Record<string, unknown>> {
  const [id] = await submitAll(node, request);
  return waitForEnd(node, id!, 60_000);
}

/** Takes a mount away when a test has ended. */
export function unmountAfter(t: TestContext, path: string): void {
  const unmount = async () => void execFileSync('umount', ['-l', path]);
  disposeAfter(t, { [Symbol.asyncDispose]: unmount });
}
