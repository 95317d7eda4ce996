import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { idOf, noSpawner, replyText, runIdOf, setUpCommands } from '../../../test/support/commands.ts';
import { processesOf } from '../../../test/support/processes.ts';
import { canMount, mountSmallDisk } from '../../../test/support/small-disk.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { waitForFile } from '../../../test/support/wait-for.ts';
import { killLeftovers } from '../../lib/kill-leftovers.ts';
import { createReqCliCommand } from './req-cli-command.ts';
import type { CommandOptions } from './run-program.ts';

test('the reply is what the command printed, and the request id is in its environment', async (t) => {
  const { run, bash, left } = await setUp(t);
  assert.equal(replyText(await bash("echo héllo; printf 'a\\nb\\n'")), 'héllo\na\nb\n');
  const result = await run(['sh', '-c', 'echo $STEWARD_REQUEST_ID $INHERITED; cat']);
  assert.deepEqual(
    { ...result, reply: replyText(result), release: undefined },
    {
      ...{ release: undefined, state: 'succeeded' },
      exitCode: 0,
      outputBytes: `${idOf(result)} yes\n`.length,
      reply: `${idOf(result)} yes\n`,
    },
  );
  assert.deepEqual(await left(), []);
});

for (const spawner of ['a spawner', 'none'] as const) {
  test(`output that is written to /dev/stdout and /dev/stderr comes in its place, with ${spawner} (a pipe)`, async (t) => {
    const { bash } = await setUpCommands(
      t,
      createReqCliCommand,
      spawner === 'none' ? { spawner: noSpawner } : {},
    );
    const text = async (script: string) => {
      const result = await bash(script);
      return [replyText(result), Buffer.from(result.stderrTail ?? []).toString()];
    };
    assert.deepEqual(await text('echo one; echo two > /dev/stdout; echo three'), ['one\ntwo\nthree\n', '']);
    const tee = 'echo before >&2; echo payload | tee /dev/stderr; echo after >&2';
    assert.deepEqual(await text(tee), ['payload\n', 'before\npayload\nafter\n']);
    const long =
      'printf "%s\\n" a-rather-long-first-line; echo x > /dev/fd/1; echo y > /proc/self/fd/1; echo end';
    assert.deepEqual(await text(long), ['a-rather-long-first-line\nx\ny\nend\n', '']);
    const late = 'sleep 0.2; echo one; echo two > /dev/stdout; sleep 0.2; echo three > /dev/stdout';
    assert.deepEqual(await text(late), ['one\ntwo\nthree\n', '']);
  });
}

test('a process that left the group and prints on finds its output closed', async (t) => {
  const { bash, folder } = await setUp(t);
  const daemon = `trap '' PIPE; while echo on; do sleep 0.05; done 2>/dev/null; touch ${folder}/closed`;
  const result = await bash(`setsid bash -c "${daemon}" & sleep 0.3; echo begun`);
  assert.equal(result.state, 'succeeded');
  assert.match(replyText(result), /^(on\n)+begun\n(on\n){0,20}$/);
  await waitForFile(join(folder, 'closed'), () => true);
});

test('a command whose output finds no room ends, and says why', {
  skip: !(await canMount()) && 'it takes the right to mount',
}, async (t) => {
  const { path } = await tempFolder(t);
  const disk = await mountSmallDisk(join(path, 'disk'), t);
  const { bash } = await setUp(t, { spoolFolder: join(disk.path, 'spool') });
  const result = await bash('head -c 20000000 /dev/zero; exec sleep 113');
  assert.equal(result.state, 'failed');
  assert.match(result.reason!, /its output could not be kept: .*no space/i);
  assert.deepEqual(await processesOf(idOf(result)), []);
});

test('a failed command gives its output, exit code, stderr and the report of the reference (fault 13)', async (t) => {
  const { bash } = await setUp(t);
  const result = await bash('echo oops >&2; exit 3');
  assert.equal(result.state, 'failed');
  assert.equal(result.exitCode, 3);
  assert.equal(result.reason, 'the command ended with exit status 3');
  assert.equal(Buffer.from(result.stderrTail!).toString(), 'oops\n');
  assert.equal(replyText(result), '');
  const report =
    'error: methodREQCliCommand: cmd.Run failed : exit status 3, methodArgs: [bash -c echo oops >&2; exit 3], error_output: oops\n';
  assert.equal(result.error, report);
});

test('a command that dies of a signal says which', async (t) => {
  const { bash } = await setUp(t);
  const result = await bash('echo before; kill -KILL $$');
  assert.deepEqual([result.state, result.signal, replyText(result)], ['failed', 'SIGKILL', 'before\n']);
  assert.match(result.error!, /cmd.Run failed : signal: killed, methodArgs/);
});

test('only the last 4 KB of stderr are kept', async (t) => {
  const { bash } = await setUp(t);
  const { stderrTail } = await bash('seq 1 100000 >&2');
  assert.equal(stderrTail?.length, 4096);
  assert.match(Buffer.from(stderrTail!).toString(), /\n100000\n$/);
});

test('what can not be started fails in words', async (t) => {
  const { run, folder, left } = await setUp(t);
  await writeFile(join(folder, 'plain'), 'no program', { mode: 0o644 });
  await writeFile(join(folder, 'lost'), '#!/no/such/interpreter\n', { mode: 0o755 });
  for (const [args, words] of [
    [null, /methodArgs is empty/],
    [[], /methodArgs is empty/],
    [['nope-there-is-none'], /"nope-there-is-none": executable file not found in \$PATH/],
    [['/nope/program'], /\/nope\/program does not exist/],
    [[join(folder, 'plain')], /permission denied/],
    [[folder], /permission denied/],
    [[join(folder, 'lost')], /interpreter/],
    [['echo', 'a\0b'], /NUL/],
    [['rm', Buffer.from([0x61, 0xff]).toString()], /methodArgs\[1\] is not UTF-8/],
    [['echo', 'x'.repeat(200_000)], /larger than the system allows|E2BIG/],
  ] as const) {
    const result = await run(args as string[] | null);
    assert.equal(result.state, 'failed');
    assert.match(result.reason!, words);
    assert.match(result.error!, words);
  }
  const lostFolder = await setUp(t, { workingFolder: join(folder, 'gone') });
  assert.match((await lostFolder.run(['/bin/echo'])).reason!, /working folder/);
  assert.deepEqual(await left(), []);
});

test('an unusable spool folder is a result, not a crash', async (t) => {
  const { folder } = await setUp(t);
  await writeFile(join(folder, 'file'), '');
  const { run } = await setUp(t, { spoolFolder: join(folder, 'file') });
  assert.match(
    (await run(['head', '-c', '600000', '/dev/zero'])).reason!,
    /is no folder: move away what stands there/,
  );
  const lost = await setUp(t, { spoolFolder: '/dev/null/spool' });
  assert.match(
    (await lost.run(['head', '-c', '600000', '/dev/zero'])).reason!,
    /spool.* is no folder|output could not be kept/,
  );
});

test('output of any size and any bytes comes whole: in memory when small, else as a file', async (t) => {
  const { run, folder, left } = await setUp(t);
  const content = randomBytes(5_000_000);
  await writeFile(join(folder, 'binary'), content);
  const { reply, outputBytes } = await run(['cat', join(folder, 'binary')]);
  assert.ok(reply !== undefined && 'path' in reply);
  assert.deepEqual([reply.bytes, outputBytes], [content.length, content.length]);
  assert.equal(hash(await readFile(reply.path)), hash(content));
  assert.equal((await left()).length, 1);
  await writeFile(join(folder, 'small'), content.subarray(0, 512 * 1024));
  const small = await run(['cat', join(folder, 'small')]);
  assert.equal(hash(small.reply as Uint8Array), hash(content.subarray(0, 512 * 1024)));
});

test('processes in the background are waited for (the README\'s "sleep 5 & tree ./")', async (t) => {
  const { bash } = await setUp(t);
  assert.equal(replyText(await bash('(sleep 0.3; echo late) & echo early')), 'early\nlate\n');
});

test('a dead process that nobody reaps is not waited for', async (t) => {
  const { bash } = await setUp(t);
  const result = await bash('(sleep 0.1 & exec setsid sleep 20 >/dev/null 2>&1) & echo left', 10);
  assert.deepEqual([result.state, replyText(result)], ['succeeded', 'left\n']);
  assert.equal((await killLeftovers(new Set([runIdOf(result)]))).size, 1);
});

test('a command that closes its output early is still waited for', async (t) => {
  const { bash, folder } = await setUp(t);
  const result = await bash(`echo a; exec >&- 2>&-; sleep 0.2; touch ${folder}/done; exit 4`);
  assert.deepEqual([result.exitCode, replyText(result)], [4, 'a\n']);
  await readFile(join(folder, 'done'));
});

test('at its time-out the whole tree ends, and what was printed is replied (fault 13)', async (t) => {
  const { bash } = await setUp(t);
  const result = await bash(
    'echo part; sleep 101 & (sleep 102 & setsid sleep 103 & sleep 104) & sleep 105',
    0.3,
  );
  assert.equal(result.state, 'timed-out');
  assert.equal(replyText(result), 'part\n');
  assert.match(result.reason!, /longer than methodTimeout \(0.3 s\)/);
  assert.match(
    result.error!,
    /^error: methodREQCliCommand: method timed out, methodArgs: \[bash -c echo part/,
  );
  assert.deepEqual(await processesOf(idOf(result)), []);
});

test('a background process is ended at the time-out although its parent has ended', async (t) => {
  const { bash } = await setUp(t);
  const result = await bash('sleep 106 & echo started', 0.3);
  assert.deepEqual([result.state, result.exitCode, replyText(result)], ['timed-out', 0, 'started\n']);
  assert.deepEqual(await processesOf(idOf(result)), []);
});

test('a process that ignores TERM gets KILL', async (t) => {
  const { bash } = await setUp(t);
  const began = performance.now();
  const result = await bash("trap '' TERM; echo ready; while true; do sleep 0.05; done", 0.2);
  assert.deepEqual([result.state, result.signal, replyText(result)], ['timed-out', 'SIGKILL', 'ready\n']);
  assert.ok(performance.now() - began > 2000);
  assert.deepEqual(await processesOf(idOf(result)), []);
});

test('-1 means no limit, and 0 the default', async (t) => {
  const { bash } = await setUp(t, { defaultMethodTimeout: 0.2 });
  assert.equal((await bash('sleep 0.5; echo done', -1)).state, 'succeeded');
  assert.equal((await bash('sleep 107', 0)).state, 'timed-out');
});

test('an abort ends the tree and says whether it was a cancel or a stop', async (t) => {
  const { run, folder } = await setUp(t);
  for (const [code, state] of [
    ['cancelled', 'cancelled'],
    ['stopping', 'interrupted'],
  ] as const) {
    const abort = new AbortController();
    const path = join(folder, code);
    const running = run(['bash', '-c', `echo begun; sleep 108 & touch ${path}; wait`], {
      signal: abort.signal,
    });
    await waitForFile(path, () => true);
    abort.abort(Object.assign(new Error('stop'), { code }));
    const result = await running;
    assert.deepEqual([result.state, replyText(result)], [state, 'begun\n']);
    assert.deepEqual(await processesOf(idOf(result)), []);
    const late = await run(['touch', `${path}-late`], { signal: abort.signal });
    assert.deepEqual([late.state, late.reply], [state, undefined]);
  }
  assert.ok(!(await readdir(folder)).some((name) => name.endsWith('-late')));
});

test('an abort, a time-out and the end at the same moment leave no process and one result', async (t) => {
  const { run, left } = await setUp(t);
  const results = await Promise.all(
    Array.from({ length: 12 }, async (_, i) => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error('stop')), 95 + i);
      return run(['bash', '-c', 'sleep 0.1 & sleep 0.1'], { signal: abort.signal, methodTimeout: 0.1 });
    }),
  );
  for (const result of results) {
    assert.ok(['succeeded', 'timed-out', 'interrupted'].includes(result.state), result.state);
    assert.deepEqual(await processesOf(idOf(result)), []);
  }
  assert.deepEqual(await left(), []);
});

test('the README examples of {{STEWARD_DATA}} keep every line (fault 14)', async (t) => {
  const { run, folder } = await setUp(t);
  const data = [Buffer.from('.\n|-- "a" $HOME `x`\n'), Buffer.from("`-- b's\n")];
  await run(['bash', '-c', `cd ${folder}; echo "{{STEWARD_DATA}}" > apekatt.txt`], { data });
  assert.equal(await readFile(join(folder, 'apekatt.txt'), 'utf8'), `${Buffer.concat(data)}\n`);
  await run(['bash', '-c', `cd ${folder}; cat <<< {{STEWARD_DATA}} > hest.txt`], { data });
  assert.equal(await readFile(join(folder, 'hest.txt'), 'utf8'), `${Buffer.concat(data)}\n`);
});

test('{{STEWARD_DATA}} leaves the environment as it is, and as a whole argument is the data (fault 14)', async (t) => {
  const { run, left } = await setUp(t);
  const data = [Buffer.from('one two')];
  assert.equal(
    replyText(await run(['bash', '-c', 'echo "{{STEWARD_DATA}}" $INHERITED'], { data })),
    'one two yes\n',
  );
  assert.equal(
    replyText(await run(['printf', '<%s>', '{{STEWARD_DATA}}', '{{STEWARD_DATA}}'], { data })),
    '<one two><one two>',
  );
  assert.equal(replyText(await run(['bash', '-c', 'echo "{{STEWARD_DATA}}"'])), '\n');
  assert.deepEqual(await left(), []);
});

test('200 KiB of data go through the shell, and any bytes through the file (fault 14)', async (t) => {
  const { run, left } = await setUp(t);
  const big = Buffer.from('x'.repeat(200 * 1024));
  const args = ['bash', '-c', 'echo "{{STEWARD_DATA}}"'];
  assert.equal(replyText(await run(args, { data: [big] })), `${big}\n`);
  assert.match(
    (await run(['echo', '{{STEWARD_DATA}}'], { data: [big] })).reason!,
    /use \{\{STEWARD_DATA_FILE\}\}/,
  );
  const binary = randomBytes(300_000);
  const viaFile = await run(['cat', '{{STEWARD_DATA_FILE}}'], { data: [binary] });
  assert.equal(hash(viaFile.reply as Uint8Array), hash(binary));
  const mode = await run(['bash', '-c', 'stat -c %a {{STEWARD_DATA_FILE}} "$STEWARD_DATA_FILE"'], {
    data: [binary],
  });
  assert.equal(replyText(mode), '600\n600\n');
  assert.deepEqual(await left(), []);
});

function setUp(t: TestContext, options: Partial<CommandOptions> = {}) {
  return setUpCommands(t, createReqCliCommand, { options });
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
