import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { startStewardNode } from '../support/node.ts';
import { runCli } from '../support/steward-cli.ts';

test('steward web gives a link, tells who is signed in, and signs them out', async (t) => {
  const broker = await startBroker(t);
  const flags = { webListener: '127.0.0.1:0' };
  const { folder } = await startStewardNode({ name: 'central', broker, flags }, t);
  process.chdir(folder);
  const link = await callSteward(['web', '--look', '--json']);
  assert.equal(link.code, 0, link.stderr);
  const { url, role } = JSON.parse(link.stdout) as { url: string; role: string };
  assert.equal(role, 'look');
  const [place, code] = url.split('#in=');
  const page = await fetch(place!);
  assert.match(await page.text(), /<script type="module" src="\/assets\/main\.\w+\.js">/);
  const policy = page.headers.get('content-security-policy')!;
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "frame-ancestors 'none'",
    'require-trusted-types-for',
  ])
    assert.ok(policy.includes(part), policy);
  const signedIn = await fetch(`${place}session`, { method: 'POST', body: code });
  const headers = { Cookie: signedIn.headers.get('set-cookie')!.split(';')[0]! };
  assert.equal((await fetch(`${place}v1/status`, { headers })).status, 200);
  const sessions = await callSteward(['web', 'sessions']);
  assert.match(sessions.stdout, /^SESSION +ROLE +STARTED +LAST SEEN +BROWSER\n\S{36} +look +\S/);
  const id = sessions.stdout.split('\n')[1]!.slice(0, 36);
  const ended = await callSteward(['web', 'end', id.slice(0, 23)]);
  assert.deepEqual([ended.code, ended.stdout], [0, `session ${id} is signed out\n`]);
  assert.equal((await fetch(`${place}v1/status`, { headers })).status, 401);
  assert.equal((await callSteward(['web', 'sessions'])).stdout, 'nobody is signed in\n');
});

test('what steward web cannot do is said with the way out', async (t) => {
  const broker = await startBroker(t);
  const { folder } = await startStewardNode({ name: 'central', broker }, t);
  process.chdir(folder);
  const cases: [args: string[], code: number, message: RegExp][] = [
    [['web'], 1, /this node serves no console: start it with -webListener=127\.0\.0\.1:8095/],
    [['web', 'end'], 1, /web end needs the id of a session: see steward web sessions/],
    [['web', 'end', 'abc'], 1, /no session with the id "abc"/],
    [['web', 'open'], 1, /web knows sessions, end, passkeys, rename, remove, not open/],
    [['web', 'sessions', 'x'], 1, /web sessions takes nothing more/],
    [
      ['web', 'rename', 'x'],
      1,
      /web rename needs the id of a passkey and its new name: see steward web passkeys/,
    ],
    [['web', 'remove', 'x'], 1, /no passkey with the id "x"/],
    [['web', 'remove', 'x', 'y'], 1, /web remove takes nothing more, not also y/],
  ];
  for (const [args, code, message] of cases) {
    const { stderr, code: ended } = await callSteward(args);
    assert.match(stderr, message, args.join(' '));
    assert.equal(ended, code, `${args.join(' ')}: ${stderr}`);
  }
  const open = await runCli(['-nodeName=a', '-centralNodeName=a', '-webListener=0.0.0.0:8095'], { folder });
  assert.match(open.stderr, /-webListener: .*needs a certificate.*ssh -L/);
  assert.notEqual(open.code, 0);
});
