import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { callSteward } from '../../../../test/support/cli-call.ts';
import { startFakeApi } from '../../../../test/support/fake-api.ts';
import { FakeOperations } from '../../../../test/support/fake-operations.ts';

type Play = (given: {
  id: string;
  node: string;
  args: readonly string[];
  message: Record<string, unknown>;
}) => void;

/** A fake node whose fleet does what `play` says, and a way to run commands there. */
async function startScene(t: TestContext, names: readonly string[], play: (desk: FakeOperations) => Play) {
  const desk = new FakeOperations(names);
  const doIt = play(desk);
  desk.onSubmitted = ({ id, node }, message) =>
    doIt({ id, node, args: message.methodArgs as string[], message: message as Record<string, unknown> });
  const { socketPath, folder } = await startFakeApi(t, { desk });
  const exec = (args: readonly string[], more: object = {}) =>
    callSteward(['exec', ...args], { socketPath, ...more });
  return { desk, exec, folder };
}

/** Prints and succeeds. */
function echoing(desk: FakeOperations): Play {
  return ({ id, node, args }) => {
    desk.move(id, 'running');
    desk.print(id, `${node} ${args.join(' ')}\n`);
    desk.move(id, 'succeeded', { exitCode: 0 });
  };
}

/** A text with ids, times and spans of time replaced. */
function stable(text: string): string {
  return text
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}(-[0-9a-f]{4}-[0-9a-f]{12})?/g, '<id>')
    .replace(/\b(\d{4}-\d\d-\d\d \d\d:\d\d|\d\d:\d\d:\d\d)\b/g, '<time>')
    .replace(/\b\d+(\.\d)? m?s\b/g, '<span>')
    .replace(/(?<=<id>|<span>|<time>) {2,}/g, '  ');
}

test('one command on one node prints what the command prints, and nothing else', async (t) => {
  const { exec } = await startScene(t, ['ship1'], echoing);
  assert.deepEqual(await exec(['ship1', '--', 'uptime', '-p']), {
    code: 0,
    stdout: 'ship1 uptime -p\n',
    stderr: '',
  });
  const prefixed = await exec(['ship1', '--prefix', 'always', '--', 'uptime']);
  assert.equal(prefixed.stdout, '[ship1] ship1 uptime\n');
});

test('what a target says of nodes that lack a label is told before the command runs', async (t) => {
  const { desk, exec } = await startScene(t, ['ship1'], echoing);
  const targets = desk.targets;
  const unlabelled = [{ target: 'ship1', reason: 'ship1 means more' }];
  desk.targets = async (body, by) => ({ ...(await targets(body, by)), unlabelled });
  assert.equal((await exec(['ship1', '--', 'true'])).stderr, 'steward: warning: ship1 means more\n');
});

test('output that is lost on the way is counted, and ends a run that succeeded with exit code 3', async (t) => {
  const { desk, exec } = await startScene(t, ['ship1'], (desk) => ({ id }) => {
    desk.print(id, 'all that came\n');
    desk.move(id, 'succeeded', { exitCode: 0, outputBytes: 21 });
  });
  const whole = desk.request;
  desk.request = async (id) => ({ ...(await whole(id)), stdout: { keptBytes: 0, totalBytes: 21 } });
  desk.output = async () => new Uint8Array(0);
  const { code, stdout, stderr } = await exec(['ship1', '--', 'cat', 'log']);
  assert.deepEqual([code, stdout], [3, 'all that came\n']);
  assert.match(stderr, /ship1: 7 bytes of its output are not kept, as it came faster than it was read/);
});

test('a failed command is a line on stderr and exit code 2', async (t) => {
  const { exec } = await startScene(t, ['ship1'], (desk) => ({ id }) => {
    desk.print(id, 'half a line');
    desk.print(id, 'why\n', 'stderr');
    desk.move(id, 'failed', { exitCode: 3, reason: 'the command ended with exit status 3' });
  });
  const { code, stdout, stderr } = await exec(['ship1', '--', 'false']);
  assert.deepEqual([code, stdout], [2, 'half a line']);
  assert.equal(stderr, 'why\nsteward: ship1: failed: the command ended with exit status 3\n');
});

test('on several nodes lines have their node in front, and a summary says who did not succeed and why', async (t) => {
  const { exec } = await startScene(t, ['ship1', 'ship2', 'ship3', 'ship4'], (desk) => {
    desk.addNode('ship3', { presence: 'away', lastSeenAt: Date.now() - 3 * 3600_000 });
    return ({ id, node, args, message }) => {
      if (node === 'ship1') return echoing(desk)({ id, node, args, message });
      if (node === 'ship3') return;
      desk.print(id, 'no disk\n', 'stderr');
      if (node === 'ship2') desk.move(id, 'failed', { exitCode: 3, tookMs: 1200, reason: 'exit status 3' });
      else desk.move(id, 'timed-out', { reason: 'it took too long' });
    };
  });
  const { code, stdout, stderr } = await exec(['ship1', 'ship2', 'ship3', 'ship4', '--', 'df']);
  assert.deepEqual([code, stdout], [2, '[ship1] ship1 df\n']);
  const lines = stable(stderr).split('\n').toSorted();
  const expected = [
    '',
    '4 nodes: 1 succeeded, 1 failed, 1 timed-out, 1 waiting in <span>',
    'NODE   STATE      EXIT   TIME  WHY',
    '[ship2!] no disk',
    '[ship4!] no disk',
    'pick it up again: steward exec --resume <id>',
    'call it off:      steward cancel <id>',
    'ship2  failed        3  <span>  no disk',
    'ship3  queued        -      -  away since <time> (3 h ago)',
    'ship4  timed-out     -      -  it took too long',
  ];
  assert.deepEqual(lines, expected.toSorted());
});

test('a name that is not known runs nothing, and says which was meant', async (t) => {
  const { desk, exec } = await startScene(t, ['ship1'], echoing);
  const refused = await exec(['ship1', 'ship9', '--', 'true']);
  assert.deepEqual([refused.code, refused.stdout], [4, '']);
  assert.match(refused.stderr, /^steward: no node ship9 is known/);
  assert.equal((await desk.requests({})).items.length, 0);
});

test('a dry run says who it would be, and runs nothing', async (t) => {
  const { desk, exec } = await startScene(t, ['ship1'], (desk) => {
    desk.addNode('ship2', { presence: 'away', lastSeenAt: null });
    return echoing(desk);
  });
  const { code, stdout } = await exec(['ship1', 'ship2', '--dry-run', '--', 'true']);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^NODE +PRESENCE +LAST SEEN +BYTES +TAKES\nship1 +here .* kB +-\nship2 +away +never +.* kB +-\n2 nodes, 1 of them away; about .* kB over the link and what it prints; nothing was run\n$/,
  );
  assert.equal((await desk.requests({})).items.length, 0);
});

test('what is on stdin, the time it may take and the rest become fields of the message', async (t) => {
  const messages: Record<string, unknown>[] = [];
  const { exec } = await startScene(t, ['ship1'], (desk) => (given) => {
    messages.push(given.message);
    desk.move(given.id, 'succeeded');
  });
  await exec(['ship1', '--shell', 'df | tail -1', '-t', '1m30s', '--expires-in', '2h']);
  await exec(['ship1', '--stdin', '--timeout', 'none', '--', 'wc', '-c'], { stdin: 'a\xe9' });
  await exec(['ship1', '--stdin', '--', 'wc'], { stdin: Uint8Array.of(0xff) });
  await exec(['ship1', '--priority', 'bulk', '--', 'true']);
  await exec(['ship1', '--stdin', '--', 'wc'], { stdin: Buffer.alloc(20_000) });
  await exec(['ship1', '--detach', '--', 'true']);
  const run = { method: 'REQCliCommand', toNode: 'ship1', replyMethod: 'REQNone', output: 'live' };
  const common = { ...run, priority: 'urgent' };
  const last = messages.splice(3);
  const withStdin = ['sh', '-c', 'f=$1; shift; exec "$@" <"$f"', 'sh', '{{STEWARD_DATA_FILE}}'];
  assert.deepEqual(
    messages.map((message) => JSON.parse(JSON.stringify(message))),
    [
      { ...common, methodArgs: ['sh', '-c', 'df | tail -1'], methodTimeout: 90, expiresIn: 7200 },
      { ...common, methodArgs: [...withStdin, 'wc', '-c'], data: ['a\xe9'], methodTimeout: -1 },
      { ...common, methodArgs: [...withStdin, 'wc'], data: [{ base64: '/w==' }], methodTimeout: 60 },
    ],
  );
  // Nobody waits for what is large, or was detached: then the usual class is right.
  assert.deepEqual(
    last.map(({ priority }) => priority),
    ['bulk', undefined, undefined],
  );
  const refused = await exec(['ship1', '--priority', 'high', '--', 'true']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /--priority "high" is not one of urgent, normal, bulk/);
});

test('as JSON the whole run is one value, and as JSON lines each line and change is one', async (t) => {
  const { exec } = await startScene(t, ['ship1', 'ship2'], echoing);
  const whole = JSON.parse((await exec(['ship1', 'ship2', '--json', '--', 'date'])).stdout);
  assert.deepEqual([whole.total, whole.counts.succeeded, whole.label], [2, 2, 'exec ship1 ship2 -- date']);
  assert.deepEqual(
    whole.nodes.map(({ node, stdout, outcome }: Record<string, unknown>) => [node, stdout, outcome]),
    [
      ['ship1', 'ship1 date\n', 'succeeded'],
      ['ship2', 'ship2 date\n', 'succeeded'],
    ],
  );
  const lines = (await exec(['ship1', '--jsonl', '--', 'date'])).stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines[0], { type: 'request', ...lines[0] });
  assert.deepEqual(
    lines.find(({ type }) => type === 'line'),
    { type: 'line', node: 'ship1', stream: 'stdout', line: 'ship1 date' },
  );
  assert.deepEqual([lines.at(-1).type, lines.at(-1).counts.succeeded], ['end', 1]);
});

test('each node’s output is written to a file of its own', async (t) => {
  const { exec, folder } = await startScene(t, ['ship1', 'ship2'], (desk) => ({ id, node }) => {
    desk.print(id, `out ${node}\n`);
    desk.print(id, 'err\n', 'stderr');
    desk.move(id, 'succeeded');
  });
  await exec(['ship1', 'ship2', '--log-dir', join(folder, 'logs/new'), '--', 'x']);
  assert.equal(await readFile(join(folder, 'logs/new/ship2.log'), 'utf8'), 'out ship2\nerr\n');
});

test('in batches a failure beyond the allowed ones stops the rest, and who is away comes last', async (t) => {
  const order: string[] = [];
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const { exec, desk } = await startScene(t, names, (desk) => {
    desk.addNode('a', { presence: 'away' });
    return ({ id, node }) => {
      order.push(node);
      if (node === 'a') return;
      setImmediate(() => desk.move(id, node === 'c' || node === 'd' ? 'failed' : 'succeeded'));
    };
  });
  const all = await exec([...names, '--batch', '2', '--', 'x']);
  assert.deepEqual([order, all.code], [['b', 'c', 'd', 'e', 'f', 'a'], 2]);
  order.length = 0;
  const stopped = await exec([...names, '--batch', '2', '--max-errors', '1', '--', 'x']);
  assert.deepEqual([order, stopped.code], [['b', 'c', 'd', 'e'], 2]);
  assert.match(
    stopped.stderr,
    /^stopped: 2 failed, and at most 1 may\n6 nodes: 2 succeeded, 2 failed, 2 not-sent in /,
  );
  const [last] = (await desk.batches({})).items;
  assert.equal((last!.plan as { batchSize: number }).batchSize, 2);
});

test('a run that was left is picked up, with all of its output, and goes on where it was', async (t) => {
  const { exec, desk } = await startScene(t, ['a', 'b', 'c'], (desk) => {
    desk.addNode('c', { presence: 'away' });
    return echoing(desk);
  });
  const plan = { kind: 'exec', version: 1, batchSize: 1, batchWaitMs: 0, maxErrors: null, canary: 0 };
  const message = { method: 'REQCliCommand', methodArgs: ['x'] };
  const { batch } = await desk.submit(Buffer.from(JSON.stringify([{ ...message, toNode: 'a' }])), {
    label: 'exec',
  });
  await desk.planBatch(batch!, { ...plan, targets: ['a', 'b'], message });
  const resumed = await exec(['--resume', batch!]);
  assert.deepEqual([resumed.code, resumed.stdout], [0, '[a] a x\n[b] b x\n']);
  const again = await exec(['--resume', batch!, '--json']);
  assert.equal(JSON.parse(again.stdout).counts.succeeded, 2);
});

test('detached, it says how to pick the run up, and a wrong line says what is wrong', async (t) => {
  const { exec } = await startScene(t, ['a'], () => () => {});
  const { code, stdout } = await exec(['a', '--detach', '--', 'x']);
  assert.equal(code, 0);
  assert.equal(
    stable(stdout),
    '1 accepted\npick it up again: steward exec --resume <id>  (or steward watch <id>)\n',
  );
  const wrong: [string[], RegExp][] = [
    [[], /name the nodes: steward exec ship1 -- uptime/],
    [['a', 'uptime'], /the command goes behind a bare --: steward exec a -- uptime/],
    [['a', '--'], /the command behind -- is missing/],
    [['a', '--shell', 'x', '--', 'y'], /exclude each other/],
    [['a', '--max-errors', '1', '--', 'x'], /--max-errors needs --batch or --canary/],
    [['a', '--limit', 'some', '--', 'x'], /--limit "some" is no number of nodes: write it as 10 or 10%/],
    [['a', '--batch', '0', '--', 'x'], /--batch "0" is no number of nodes/],
    [['a', '--timeout', 'soon', '--', 'x'], /--timeout "soon" is no span of time/],
    [['a', '--at', 'whenever', '--', 'x'], /--at "whenever" is no time/],
    [['a', '--at', '2020-01-01', '--', 'x'], /is over already/],
    [['a', '--prefix', 'no', '--', 'x'], /not one of auto, always, never/],
    [['a', '--resume', 'b'], /--resume takes targets and command from the batch/],
    [['a', '--stdin', '--json', '--jsonl', '--', 'x'], /exclude each other/],
  ];
  for (const [args, message] of wrong) {
    const { code, stderr } = await exec(args);
    assert.equal(code, 1, args.join(' '));
    assert.match(stderr, message);
  }
});
