import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startBroker } from '../support/broker.ts';
import { startStewardNode } from '../support/node.ts';
import { apiOf, apiSocketOf } from '../support/node-api.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../doc/api.md'), 'utf8');
const run = promisify(execFile);

test('every call that doc/api.md shows is answered, the one of a fault with that fault', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  await startStewardNode({ name: 'ship1', broker }, t);
  const { batch, accepted } = await apiOf(central, t).submit([
    { toNodes: ['ship1', 'ship2'], method: 'REQCliCommand', methodArgs: ['true'], replyMethod: 'REQNone' },
  ]);
  const env = { ...process.env, batch, id: accepted[0]!.id };
  const calls = callsIn(PAGE);
  assert.ok(calls.length > 10, `only ${calls.length} calls were found`);
  for (const call of calls) {
    const isStream = call.includes('/v1/events');
    const script = `${call.replaceAll('tmp/stew.sock', apiSocketOf(central))} --silent ${isStream ? '--max-time 1' : ''}`;
    const { stdout } = await run('/bin/sh', ['-c', `${script} -w '\\n%{http_code}'`], { env }).catch(
      (error) => error,
    );
    const status = stdout.slice(stdout.lastIndexOf('\n') + 1);
    assert.equal(status, call.includes('faild') ? '400' : '200', `${call}\n${stdout}`);
    if (call.includes('faild'))
      assert.ok(PAGE.includes((JSON.parse(stdout.slice(0, -3)) as Fault).error.message.slice(20)));
    if (isStream) assert.match(stdout, /^event: hello\n/);
  }
});

interface Fault {
  readonly error: { readonly message: string };
}

/** The calls of curl in the shell blocks that go to a socket; one may be longer than its line. */
function callsIn(page: string): string[] {
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
  return blocks
    .flatMap((block) => block.split(/^(?=curl )/m))
    .filter((call) => /^curl .*--unix-socket/.test(call))
    .map((call) => call.trim());
}
