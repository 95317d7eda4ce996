import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StewardApi } from '../../client/steward-api.ts';
import type { ConsoleSession, Passkey, Role } from '../../contract/sessions.ts';
import { isSingleFile, ownFile } from '../../lib/own-file.ts';
import { agoWords } from '../../lib/time-words.ts';
import { toJson } from '../../lib/visible.ts';
import { defineNodeCommand } from '../fleet/with-node.ts';
import { type ParsedCall, UsageError } from '../line/command.ts';
import { terminalOf } from '../line/terminal.ts';
import { type ColumnOf, tableOf } from '../print/table.ts';

/** What `steward web` can be asked to do, with how many more words it takes. */
const ASKED = {
  sessions: { words: 0, needs: '' },
  end: { words: 1, needs: 'the id of a session: see steward web sessions' },
  passkeys: { words: 0, needs: '' },
  rename: { words: 2, needs: 'the id of a passkey and its new name: see steward web passkeys' },
  remove: { words: 1, needs: 'the id of a passkey: see steward web passkeys' },
} as const;

/** `steward web`: a link that signs a browser in to the console, and who is signed in or can sign in. */
export const web = defineNodeCommand({
  usage: [
    'web [--look] [options]',
    'web sessions [options]',
    'web end SESSION [options]',
    'web passkeys [options]',
    'web rename PASSKEY NAME [options]',
    'web remove PASSKEY [options]',
  ],
  about: [
    'Prints a link that signs one browser in to the console of the running node. It works once, within a minute.',
    'The node serves the console if you start it with -webListener=127.0.0.1:8095. `web sessions` lists the browsers',
    'that are signed in, and `web end` signs one out at once. A restart of the node signs out all of them.',
    'Passkeys, which are made in Settings of the console, sign in without a link: `web passkeys` lists them, and',
    '`web remove` takes one away and ends its sessions at once.',
  ],
  options: { look: { summary: 'the browser may look, and change nothing' } },
  operands: [],
  examples: [
    { line: 'steward web', does: 'a link to the console' },
    { line: 'steward web --look', does: 'one for somebody who only looks' },
    { line: 'steward web sessions', does: 'who is signed in' },
    { line: 'steward web passkeys', does: 'which passkeys can sign in' },
  ],
  run: async (call) => {
    const { form } = call;
    const [what, ...given] = call.operands;
    checkWords(what, given);
    const role = call.options.look === true ? 'look' : 'act';
    if (what === undefined) await buildOnce(call);
    const api = await call.api();
    if (what === 'sessions') {
      const sessions = await api.sessions();
      return call.print(sessions, () => sessionsText(sessions, call));
    }
    if (what === 'passkeys') {
      const passkeys = await api.passkeys();
      return call.print(passkeys, () => passkeysText(passkeys, call));
    }
    const { done, said } = what === undefined ? await link(api, role) : await change(api, what, given);
    call.stdout.write(`${form === 'text' ? said : toJson(done)}\n`);
  },
});

/** Throws UsageError. */
function checkWords(what: string | undefined, given: readonly string[]): void {
  if (what === undefined) return;
  if (!Object.hasOwn(ASKED, what))
    throw new UsageError(`web knows ${Object.keys(ASKED).join(', ')}, not ${what}`);
  const { words, needs } = ASKED[what as keyof typeof ASKED];
  if (given.length < words) throw new UsageError(`web ${what} needs ${needs}`);
  if (given.length > words)
    throw new UsageError(
      `web ${what} takes nothing more${words === 0 ? '' : `, not also ${given.slice(words).join(' ')}`}`,
    );
}

async function link(api: StewardApi, role: Role) {
  const done = await api.signInLink({ role });
  return { done, said: done.url };
}

async function change(
  api: StewardApi,
  what: string,
  [text = '', name = '']: readonly string[],
): Promise<{ done: ConsoleSession | Passkey; said: string }> {
  if (what === 'end') {
    const done = await api.endSession(idOf('session', text, await api.sessions()));
    return { done, said: `session ${done.id} is signed out` };
  }
  const id = idOf('passkey', text, await api.passkeys());
  if (what === 'rename') {
    const done = await api.renamePasskey(id, { name });
    return { done, said: `passkey ${done.id} is now ${JSON.stringify(done.name)}` };
  }
  const done = await api.removePasskey(id);
  return { done, said: `passkey ${JSON.stringify(done.name)} is removed, and its sessions are ended` };
}

/** The id that begins with a text. Throws UsageError where there are several. */
function idOf(what: string, text: string, all: readonly { readonly id: string }[]): string {
  const known = all.filter(({ id }) => id.startsWith(text.toLowerCase()));
  if (known.length > 1) throw new UsageError(`several ${what}s begin with ${text}: give more of the id`);
  return known[0]?.id ?? text;
}

function sessionsText(sessions: readonly ConsoleSession[], call: ParsedCall): string {
  if (sessions.length === 0) return 'nobody is signed in\n';
  const now = Date.now();
  const columns: readonly ColumnOf<ConsoleSession>[] = [
    { title: 'SESSION', of: ({ id }) => id },
    { title: 'ROLE', of: ({ role }) => role },
    { title: 'STARTED', of: ({ startedAt }) => agoWords(startedAt, now) },
    { title: 'LAST SEEN', of: ({ lastSeenAt }) => agoWords(lastSeenAt, now) },
    { title: 'BROWSER', canShrink: true, of: browserText },
  ];
  return tableOf(columns, sessions, terminalOf(call.stdout, call));
}

function browserText({ user, passkey, browser }: ConsoleSession): string {
  return [user ?? passkey, browser].filter(Boolean).join(', ');
}

function passkeysText(passkeys: readonly Passkey[], call: ParsedCall): string {
  if (passkeys.length === 0) return 'there are no passkeys: make one in Settings of the console\n';
  const now = Date.now();
  const columns: readonly ColumnOf<Passkey>[] = [
    { title: 'PASSKEY', of: ({ id }) => id },
    { title: 'ROLE', of: ({ role }) => role },
    { title: 'SITE', of: ({ site }) => site },
    { title: 'MADE', of: ({ createdAt }) => agoWords(createdAt, now) },
    { title: 'LAST USED', of: ({ lastUsedAt: at }) => (at === null ? 'never' : agoWords(at, now)) },
    { title: 'NAME', canShrink: true, of: ({ name }) => name },
  ];
  return tableOf(columns, passkeys, terminalOf(call.stdout, call));
}

/** Builds the page where this is a checkout in which nobody has built it yet. */
async function buildOnce({ stderr }: ParsedCall): Promise<void> {
  if (isSingleFile || existsSync(ownFile('dist/web.json'))) return;
  const script = new URL('scripts/build-web.ts', ownFile('package.json'));
  if (!existsSync(script)) return;
  stderr.write('steward: building the console, once\n');
  const build = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(script)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(build, 'close');
  if (code !== 0) throw new UsageError('the console could not be built: run npm ci, then npm run build');
}
