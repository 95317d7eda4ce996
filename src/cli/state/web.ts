import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StewardApi } from '../../client/steward-api.ts';
import type { ConsoleSession } from '../../contract/sessions.ts';
import { isSingleFile, ownFile } from '../../lib/own-file.ts';
import { agoWords } from '../../lib/time-words.ts';
import { toJson } from '../../lib/visible.ts';
import { FORM_OPTIONS, formOf, listText, NODE_OPTIONS, withNode } from '../fleet/with-node.ts';
import { defineCommand, type ParsedCall } from '../line/command.ts';
import { EXIT } from '../line/exit-codes.ts';
import { terminalOf } from '../line/terminal.ts';
import { UsageError } from '../line/usage-error.ts';
import { formatTable } from '../print/table.ts';

const COLUMNS = [
  { title: 'SESSION' },
  { title: 'ROLE' },
  { title: 'STARTED' },
  { title: 'LAST SEEN' },
  { title: 'BROWSER', canShrink: true },
] as const;

/** `steward web`: a link that signs a browser in to the console, and who is signed in. */
export const web = defineCommand({
  usage: ['web [--look] [options]', 'web sessions [options]', 'web end SESSION [options]'],
  about: [
    'Prints a link that signs one browser in to the console of the running node. It works once, within a minute.',
    'The node serves the console where it was started with -webListener=127.0.0.1:8095. `web sessions` lists the',
    'browsers that are signed in, and `web end` signs one out at once. A node that starts again has signed out all.',
  ],
  options: {
    look: { type: 'boolean', summary: 'the browser may look, and change nothing' },
    ...FORM_OPTIONS,
    ...NODE_OPTIONS,
  },
  operands: [],
  examples: [
    { line: 'steward web', does: 'a link to the console' },
    { line: 'steward web --look', does: 'one for somebody who only looks' },
    { line: 'steward web sessions', does: 'who is signed in' },
  ],
  run: async (call) => {
    const form = formOf(call.options);
    const [what, id, ...more] = call.operands;
    if (more.length > 0) throw new UsageError(`web takes one session, not also ${more.join(' ')}`);
    if (what !== undefined && what !== 'sessions' && what !== 'end')
      throw new UsageError(`web knows sessions and end, not ${what}`);
    if (what === 'end' && id === undefined)
      throw new UsageError('web end needs the id of a session: see steward web sessions');
    if (what === 'sessions' && id !== undefined) throw new UsageError('web sessions takes nothing more');
    if (what === undefined) await buildOnce(call);
    const text = await withNode(call, async (api) => {
      if (what === 'sessions') {
        const sessions = await api.sessions();
        return listText(sessions, form, () => sessionsText(sessions, call));
      }
      if (what === 'end') return await end(api, id!, form !== 'text');
      const link = await api.signInLink({ role: call.options.look === true ? 'look' : 'act' });
      return form === 'text' ? `${link.url}\n` : `${toJson(link)}\n`;
    });
    call.stdout.write(text);
    return EXIT.ok;
  },
});

async function end(api: StewardApi, text: string, isJson: boolean): Promise<string> {
  const known = (await api.sessions()).filter(({ id }) => id.startsWith(text.toLowerCase()));
  if (known.length > 1) throw new UsageError(`several sessions begin with ${text}: give more of the id`);
  const ended = await api.endSession(known[0]?.id ?? text);
  return isJson ? `${toJson(ended)}\n` : `session ${ended.id} is signed out\n`;
}

function sessionsText(sessions: readonly ConsoleSession[], call: ParsedCall): string {
  if (sessions.length === 0) return 'nobody is signed in\n';
  const now = Date.now();
  const rows = sessions.map(({ id, role, user, startedAt, lastSeenAt, browser }) => [
    id,
    role,
    agoWords(startedAt, now),
    agoWords(lastSeenAt, now),
    [user, browser].filter(Boolean).join(', '),
  ]);
  return formatTable(COLUMNS, rows, terminalOf(call.stdout, call));
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
