import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { callSteward } from '../../../../test/support/cli-call.ts';
import { startFakeApi } from '../../../../test/support/fake-api.ts';
import { FakeOperations } from '../../../../test/support/fake-operations.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';

/** A fake node with a batch of three: one succeeded, one failed, one waits for a node that is away. */
async function startScene(t: TestContext) {
  const desk = new FakeOperations(['ship1', 'ship2', 'ship3']);
  desk.addNode('ship3', { presence: 'away', lastSeenAt: Date.now() - 7_200_000 });
  const { socketPath } = await startFakeApi(t, { desk });
  const message = { toNodes: ['ship1', 'ship2', 'ship3'], method: 'REQCliCommand', methodArgs: ['df', '-h'] };
  const { batch, accepted } = await desk.submit(Buffer.from(JSON.stringify(message)), { label: 'disks' });
  const [one, two, three] = accepted.map(({ id }) => id);
  desk.move(one!, 'succeeded', { exitCode: 0, tookMs: 1500 });
  desk.print(two!, 'no such file\n', 'stderr');
  desk.move(two!, 'failed', { exitCode: 2, reason: 'exit status 2', tookMs: 400 });
  const call = (...args: string[]) => callSteward(args, { socketPath });
  return { desk, call, socketPath, batch: batch!, one: one!, two: two!, three: three! };
}

/** A text with ids, times and spans of time replaced, and runs of spaces as one. */
function stable(text: string): string {
  return text
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}(-[0-9a-f]{4}){0,3}([0-9a-f]{8})?\b/g, '<id>')
    .replace(/\b\d\d:\d\d:\d\d\b( \((now|\d+ s ago)\))?/g, '<time>')
    .replace(/up \d+ \w+( \d+ \w+)?/, 'up <span>')
    .replace(/ +/g, ' ');
}

test('the overview tells of the node, its nodes, its requests and the latest batches', async (t) => {
  const { call } = await startScene(t);
  const { code, stdout } = await call('status');
  assert.equal(code, 0);
  assert.deepEqual(stable(stdout).split('\n'), [
    'central version 0.0.0-fake, up <span>, connected to the broker 127.0.0.1:4222',
    'nodes 2 here, 1 away, 0 never heard of',
    'requests 1 succeeded, 1 failed, 1 waiting',
    'trust open: any node may ask it for anything that the broker lets through',
    '',
    'BATCH WHEN TOTAL STATES WHAT',
    '<id> <time> 3 1 succeeded, 1 failed, 1 waiting disks',
    '',
  ]);
  const json = JSON.parse((await call('status', '--json')).stdout);
  assert.deepEqual([json.node, json.batches.length, json.batches[0].label], ['central', 1, 'disks']);
});

test('a batch is shown with its requests, those that need looking at first', async (t) => {
  const { call, batch, two } = await startScene(t);
  const { stdout } = await call('status', batch);
  assert.deepEqual(stable(stdout).split('\n'), [
    '<id> disks',
    'queued <time>, 3 requests: 1 succeeded, 1 failed, 1 waiting',
    '',
    'ID QUEUED NODE METHOD STATE TOOK WHAT WHY',
    '<id> <time> ship2 REQCliCommand failed 400 ms df -h exit status 2',
    '<id> <time> ship3 REQCliCommand queued - df -h',
    '<id> <time> ship1 REQCliCommand succeeded 1.5 s df -h',
    '',
  ]);
  const lines = (await call('status', batch, '--jsonl')).stdout.trimEnd().split('\n');
  assert.deepEqual(lines.map((line) => JSON.parse(line).node).toSorted(), ['ship1', 'ship2', 'ship3']);
  assert.match(
    (await call('status', two)).stdout,
    /^node +ship2\nstate +failed\nasked +REQCliCommand df -h$/m,
  );
});

test('what a request printed is shown with it, of a long output the end', async (t) => {
  const { desk, call, one, two } = await startScene(t);
  const failed = (await call('status', two)).stdout;
  assert.match(failed, /\nstderr\nno such file\n\nits timeline: steward why /);
  desk.print(one, Array.from({ length: 2000 }, (_, line) => `line ${line}\n`).join(''));
  const long = (await call('status', one)).stdout;
  assert.match(
    long,
    /\nstdout, its end\nline \d+\n(line \d+\n)+line 1999\n\nall that is kept of its output: steward watch /,
  );
  assert.ok(long.length < 10_000);
});

test('filters pick requests out, and a slip in one is told', async (t) => {
  const { call, two } = await startScene(t);
  const listed = async (...args: string[]) =>
    JSON.parse((await call('status', '--json', ...args)).stdout).map(({ node }: { node: string }) => node);
  assert.deepEqual(await listed('--state', 'failed'), ['ship2']);
  assert.deepEqual((await listed('--state', 'waiting', '--state', 'succeeded')).toSorted(), [
    'ship1',
    'ship3',
  ]);
  assert.deepEqual(await listed('--node', 'ship1', '--since', '1h'), ['ship1']);
  assert.deepEqual(await listed('--until', '2h'), []);
  assert.deepEqual(await listed('--text', 'DF ship2'), ['ship2']);
  assert.deepEqual(await listed('--text', 'uptime'), []);
  assert.equal((await listed('--method', 'REQCliCommand', '--limit', '2')).length, 2);
  assert.match(
    (await call('status', '--limit', '2', '--since', '1h')).stdout,
    /and more: --limit 20 shows more/,
  );
  assert.deepEqual(await listed('--state', 'bad'), ['ship2']);
  assert.deepEqual(
    [...(await listed('--state', 'open')), ...(await listed('--state', 'ended'))].toSorted(),
    (await listed('--method', 'REQCliCommand')).toSorted(),
  );
  assert.match(
    (await call('status', '--state', 'faild')).stderr,
    /--state "faild" is no state; did you mean failed\?/,
  );
  assert.match((await call('status', '--limit', 'x')).stderr, /--limit "x" is no number/);
  assert.match((await call('status', two, '--node', 'a')).stderr, /ids and filters exclude each other/);
  const unknown = await call('status', '01a204f7-5e13-735b-afb0-7c83767b3c89');
  assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
  assert.match(unknown.stderr, /no batch and no request "01a204f7-.*" is known here/);
});

test('why tells a request’s life, with what it waits for', async (t) => {
  const { call, batch, two, three } = await startScene(t);
  const text = stable((await call('why', two)).stdout).replace(/\b\d{4}-\d\d-\d\d <time>\.\d{3}/g, '<at>');
  const expected = ['<id> ship2 REQCliCommand df -h', 'exit status 2', '', 'HERE THERE WHAT NOTE'];
  assert.deepEqual(text.split('\n').slice(0, 4), expected);
  assert.match(text, /failed exit status 2/);
  const both = JSON.parse((await call('why', batch, '--json')).stdout);
  assert.deepEqual(
    both.map(({ id }: { id: string }) => id),
    [two, three],
  );
  assert.match((await call('why')).stderr, /name the request: steward why ID/);
});

test('watching a batch shows what it printed and ends when all have ended', async (t) => {
  const { call, desk, batch, three } = await startScene(t);
  const watching = call('watch', batch);
  await waitFor('the watcher to listen', () => desk.listenerCount > 0);
  desk.addNode('ship3', { presence: 'here' });
  desk.print(three, 'hello\n');
  desk.move(three, 'succeeded');
  const { code, stdout, stderr } = await watching;
  assert.deepEqual([code, stdout], [2, '[ship3] hello\n']);
  assert.match(
    stderr,
    /^steward: waiting for ship3, .*\n\[ship2!\] no such file\n3 requests: 2 succeeded, 1 failed in /,
  );
});

test('watching one request gives its bytes as they are, and the wait ends it', async (t) => {
  const { call, desk, two, three } = await startScene(t);
  assert.deepEqual(await call('watch', two), {
    code: 2,
    stdout: '',
    stderr: 'no such file\nsteward: ship2: failed: exit status 2\n',
  });
  desk.print(three, 'half');
  const { code, stderr } = await call('watch', three, '--wait', '10ms');
  assert.match(stderr, /^steward: waiting for ship3, away since \S+( \S+)? \(2 h ago\)\n/);
  assert.equal(code, 3);
  assert.match(stderr, /\nsteward: ship3: queued: away since [\d: -]+ \(2 h ago\)\npick it up again: /);
});

test('with -f, and with watch, each change is a line until somebody asks to stop', async (t) => {
  const { call, desk, socketPath, batch, three } = await startScene(t);
  const told = ['', ''];
  const follow = (index: number, ...args: string[]) => {
    const onStdout = (text: string) => {
      told[index] += text;
    };
    return callSteward(args, { socketPath, onStdout });
  };
  const following = [
    follow(0, 'status', batch, '-f'),
    follow(1, 'watch', '--jsonl', '--node', 'ship3'),
    call('watch', '--jsonl', '--node', 'ship1'),
  ];
  await waitFor('all to listen', () => desk.listenerCount === 3 && told[0] !== '');
  desk.move(three, 'accepted');
  desk.move(three, 'failed', { exitCode: 7, tookMs: 1500 });
  await waitFor('both to tell of the end', () => told.every((text) => /ship3.*failed/.test(text)));
  process.emit('SIGHUP');
  const [text, lines, nothing] = await Promise.all(following);
  assert.deepEqual([text!.code, lines!.code, nothing!.stdout], [0, 0, '']);
  const changes = lines!.stdout.trimEnd().split('\n');
  assert.deepEqual(
    changes.map((line) => JSON.parse(line).state),
    ['accepted', 'failed'],
  );
  const [first, second] = stable(text!.stdout).trimEnd().split('\n').slice(-2);
  assert.match(first!, /^<time> ship3 accepted <id> REQCliCommand df -h$/);
  assert.match(second!, /^<time> ship3 failed <id> REQCliCommand df -h 1\.5 s exit code 7$/);
  const both = await call('status', '-f', '--json');
  assert.match(both.stderr, /give --jsonl instead of --json/);
});

test('a list of schedules asks for them, and says when each runs', async (t) => {
  const { call, desk, three } = await startScene(t);
  const { requests } = desk;
  const asked: object[] = [];
  desk.requests = async (filter) => {
    asked.push(filter);
    const page = await requests.call(desk, {});
    return { ...page, items: page.items.filter(({ id }) => id === three) };
  };
  desk.move(three, 'running', { schedule: '30 2 * * *' });
  const { stdout } = await call('status', '--scheduled');
  assert.match(stdout, /ship3 +REQCliCommand +running .* runs by the schedule 30 2 \* \* \*\n/);
  desk.move(three, 'running', { schedule: '2026-11-27T03:00:00.000Z' });
  assert.match((await call('status', '--scheduled')).stdout, / runs at 2026-11-27T03:00:00\.000Z\n/);
  desk.move(three, 'cancelled');
  assert.doesNotMatch((await call('status', '--scheduled')).stdout, /runs by the schedule/);
  assert.deepEqual(
    asked.map((filter) => (filter as { scheduled?: boolean }).scheduled),
    [true, true, true],
  );
});
