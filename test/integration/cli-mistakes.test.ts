import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ChildProgram } from '../support/child-program.ts';
import { callSteward } from '../support/cli-call.ts';
import { disposeAfter } from '../support/dispose-after.ts';
import { startFakeApi } from '../support/fake-api.ts';
import { FakeOperations } from '../support/fake-operations.ts';
import { stewardCommand } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const ESCAPE = '\u001b';
const RED = `${ESCAPE}[31m`;

/** What is typed, the exit code, and a piece of the one line that says what is wrong. */
const MISTAKES: readonly (readonly [args: readonly string[], code: number, says: string | RegExp])[] = [
  [['why', ''], 1, 'the id is empty'],
  [['cancel', ''], 1, 'the id is empty'],
  [['watch', ''], 1, 'the id is empty'],
  [['status', 'x'.repeat(100_000)], 1, 'this is no id, it is too long'],
  [['exec', '--resume', ''], 1, '--resume was given nothing'],
  [['nodes', '--socket', ''], 1, '--socket was given nothing'],
  [['invite', '--name', ''], 1, '--name was given nothing'],
  [['exec', 'ship1', 'ls', '-la'], 1, 'stands behind a bare --'],
  [['exec', 'ship1', '--at', '2031-02-30', '--', 'true'], 1, '--at "2031-02-30" is no time'],
  [['exec', `ship1${RED}\n`, '--', 'true'], 4, String.raw`ship1\x1b[31m`],
  [['exec', 'shp1', '--', 'true'], 4, 'no node shp1 is known'],
  [['nodes', 'nobody'], 4, 'no node nobody is known'],
  [['queue', 'nobody'], 4, 'no node nobody is known'],
  [['nodes', `no${RED}\n`], 4, String.raw`no\x1b[31m`],
  [['errors', 'ship1'], 1, 'errors takes no "ship1"'],
  [['audit', 'ship1'], 1, 'audit takes no "ship1"'],
  [['errors', '-f', '--json'], 1, 'give --jsonl instead of --json'],
  [['status', '--json', '--jsonl'], 1, 'exclude each other'],
  [['tail', 'ship1', 'engine.log'], 1, 'write the path on the node from its root'],
  [['tail', 'ship1:/var/log/syslog'], 1, 'steward tail ship1 /var/log/syslog'],
  [['tail', 'ship1', ''], 1, 'write the path on the node from its root'],
  [['get', 'ftp://x', 'on', 'ship1'], 1, 'is no address'],
  [['get', `http://${RED}`, 'on', 'ship1'], 1, 'is no address'],
  [['send', '/tmp'], 1, 'cannot be read'],
  [['ping'], 1, 'name the nodes to ping'],
  [['trust', 'watch', '--json'], 1, '--json goes with trust alone'],
  [[`${RED}x`], 1, String.raw`unknown command "\u001b[31mx"`],
];

async function startDesk(t: TestContext) {
  const desk = new FakeOperations();
  const { socketPath, folder } = await startFakeApi(t, { desk });
  return { desk, socketPath, folder };
}

test('every mistake gives one line that names it, its exit code, nothing else, and no escape sequence', async (t) => {
  const { desk, socketPath } = await startDesk(t);
  let submitted = 0;
  desk.onSubmitted = () => void submitted++;
  for (const [args, code, says] of MISTAKES) {
    const typed = `steward ${args.join(' ').slice(0, 80)}`;
    const end = await callSteward(args, { socketPath });
    assert.deepEqual([end.code, end.stdout], [code, ''], `${typed}: ${end.stderr}`);
    assert.match(end.stderr, /^steward: [^\n]+\n$/, typed);
    assert.ok(typeof says === 'string' ? end.stderr.includes(says) : says.test(end.stderr), end.stderr);
    assert.doesNotMatch(end.stderr, new RegExp(`${ESCAPE}| at .*\\.ts:`), typed);
  }
  assert.equal(submitted, 0);
});

test('what the node refuses is told once, with its field', async (t) => {
  const { desk, socketPath } = await startDesk(t);
  const refused = [{ index: 0, field: 'schedule', reason: 'no such minute' }];
  desk.submit = async () => ({ batch: null, accepted: [], refused, warnings: [] }) as never;
  const end = await callSteward(['exec', 'ship1', 'ship2', '--', 'true'], { socketPath });
  assert.deepEqual([end.code, end.stderr], [1, 'steward: schedule: no such minute\n']);
});

test('a cron expression is shown as it is, and not as a time that it could be taken for', async (t) => {
  const { desk, socketPath } = await startDesk(t);
  desk.onSubmitted = ({ id }) => desk.move(id, 'accepted');
  const args = ['exec', 'ship1', '--at', '0 */6 * * *', '--', 'true'];
  const { code, stderr } = await callSteward(args, { socketPath });
  assert.equal(code, 0);
  assert.match(stderr, /it has it, and runs it by the schedule 0 \*\/6 \* \* \*\n/);
});

test('a list of requests has whole ids, which name one request each also where the list was filtered', async (t) => {
  const { desk, socketPath } = await startDesk(t);
  const ids: string[] = [];
  desk.onSubmitted = ({ id }) => void ids.push(id);
  await callSteward(['exec', 'ship1', 'ship2', '--detach', '--', 'true'], { socketPath });
  const { stdout } = await callSteward(['status', '--node', 'ship1'], { socketPath });
  assert.match(stdout, new RegExp(`^${ids[0]} .* ship1 `, 'm'));
});

const CASES_OF_REASONS: readonly (readonly string[])[] = [
  ['exec', 'ship1', '--', 'true'],
  ['exec', 'ship1', 'ship2', '--', 'true'],
  ['get', 'http://x/', 'on', 'ship1'],
  ['tail', 'ship1', '/var/log/x'],
  ['ping', 'ship1'],
  ['ps', 'ship1'],
  ['status', '--node', 'ship1'],
  ['audit'],
  ['nodes'],
  ['queue'],
  ['errors'],
];

test('no command shows escape sequences that other nodes have put into their words', async (t) => {
  const { desk, socketPath } = await startDesk(t);
  const evil = `${ESCAPE}]0;title\u0007${RED}\nred`;
  desk.onSubmitted = ({ id }) => desk.move(id, 'failed', { reason: evil, exitCode: 1 });
  desk.addNode('ship1', { version: evil, os: evil, arch: evil, labels: { [evil]: evil } });
  desk.collect({ node: 'ship1', line: evil });
  desk.auditEntries.push({
    endedAt: '2031-01-01T00:00:00Z',
    state: evil,
    reason: evil,
    message: { methodArgs: [evil] },
  });
  desk.queueList.push({
    ...{
      node: 'ship1',
      method: evil,
      queued: 1,
      subject: evil,
      oldestQueuedAt: 1,
      attempts: 1,
      nextAttemptAt: 1,
      waitsFor: evil,
    },
  });
  for (const args of CASES_OF_REASONS) {
    const { stdout, stderr } = await callSteward(args, { socketPath });
    assert.ok(`${stdout}${stderr}`.includes('red'), args.join(' '));
    assert.doesNotMatch(stdout + stderr, new RegExp(`${ESCAPE}|\u0007|^red`, 'm'), args.join(' '));
  }
});

for (const args of [
  ['nodes'],
  ['nodes', 'nobody'],
  ['status'],
  ['status', '--state', 'failed'],
  ['queue'],
  ['errors'],
  ['audit'],
  ['ps'],
  ['trust'],
  ['exec', 'ship1', '--', 'true'],
]) {
  test(`steward ${args.join(' ')} prints one JSON value with --json, and lines of JSON with --jsonl`, async (t) => {
    const { desk, socketPath } = await startDesk(t);
    desk.onSubmitted = ({ id }) => desk.move(id, 'succeeded', { exitCode: 0 });
    const [name, ...more] = args as [string, ...string[]];
    const whole = await callSteward([name, '--json', ...more], { socketPath });
    assert.doesNotThrow(() => JSON.parse(whole.stdout) as unknown, whole.stdout);
    const { stdout } = await callSteward([name, '--jsonl', ...more], { socketPath });
    for (const line of stdout.split('\n').filter(Boolean))
      assert.doesNotThrow(() => JSON.parse(line) as unknown, line);
  });
}

test('an output that cannot be written is told', async (t) => {
  const { path } = await tempFolder(t);
  const line = `${stewardCommand().join(' ')} help > /dev/full`;
  const program = await ChildProgram.start({
    command: 'bash',
    args: ['-c', line],
    cwd: path,
    env: process.env,
  });
  const { code } = await program.exited;
  assert.equal(code, 1);
  assert.match(program.stderr, /^steward: standard output cannot be written to: ENOSPC[^\n]+\n$/);
});

test('what follows errors ends when nobody reads it any more', async (t) => {
  const { desk, socketPath, folder } = await startDesk(t);
  desk.collect({ node: 'ship1', line: 'the first' });
  const line = `${stewardCommand().join(' ')} errors -f | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const env = { PATH: process.env.PATH, STEWARD_SOCKET: socketPath };
  const program = await ChildProgram.start({ command: 'bash', args: ['-c', line], cwd: folder, env });
  disposeAfter(t, { [Symbol.asyncDispose]: async () => void (await program.kill()) });
  await waitFor('the first line', () => program.stdout.includes('the first'));
  await waitFor('the pipe to end', () => {
    desk.collect({ node: 'ship1', line: 'one more' });
    return program.exit !== undefined;
  });
  assert.match(program.stdout, /^.*the first\n0\n$/);
  assert.equal(program.stderr, '');
});

test('a shell that completes does not wait for a node that says nothing', async (t) => {
  const { path } = await tempFolder(t);
  const socketPath = join(path, 'stew.sock');
  const silent = createServer((socket) =>
    disposeAfter(t, { [Symbol.asyncDispose]: async () => void socket.destroy() }),
  );
  await new Promise<void>((resolve) => void silent.listen(socketPath, resolve));
  disposeAfter(t, { [Symbol.asyncDispose]: async () => void silent.close() });
  const answer = await callSteward(['__complete', 'zsh', 'nodes', ''], { socketPath });
  assert.deepEqual([answer.code, answer.stdout], [0, '']);
});

test('pages go into a folder that get makes, and what cannot be written is named', async (t) => {
  const { desk, socketPath, folder } = await startDesk(t);
  desk.onSubmitted = ({ id }) => {
    desk.print(id, 'a page');
    desk.move(id, 'succeeded');
  };
  const page = (out: string) => callSteward(['get', 'http://x/', 'on', 'ship1', '-o', out], { socketPath });
  const made = await page(join(folder, 'pages'));
  assert.deepEqual([made.code, made.stdout], [0, `${join(folder, 'pages', 'ship1')}  6 B\n`]);
  await writeFile(join(folder, 'file'), '');
  await mkdir(join(folder, 'taken', 'ship1'), { recursive: true });
  for (const wrong of ['file', 'taken']) {
    const { code, stderr } = await page(join(folder, wrong));
    assert.equal(code, 1);
    assert.match(stderr, /^steward: --out: \S+\/ship1 cannot be written: [^\n]+\n$/);
  }
});
