import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { dispatch } from '../line/dispatch.ts';

test('every mistake in the options of steward broker is named, with the way out', async (t) => {
  const { path } = await tempFolder(t);
  const file = async (name: string, text: string) => {
    await writeFile(join(path, name), text);
    return join(path, name);
  };
  const empty = await file('empty', '');
  const noJson = await file('no.json', '{]');
  const noPem = await file('no.pem', 'nothing');
  for (const [args, message] of [
    [['now'], /^broker takes no "now": steward broker --help lists its options$/],
    [['--listen', 'here'], /^--listen here is no HOST:PORT/],
    [['--listen', '0.0.0.0:0'], /^--listen can be reached from other machines, .* or say --open$/],
    [
      ['--listen', ':0', '--tls-cert', noPem, '--tls-key', noPem],
      /^--listen can be reached from other machines/,
    ],
    [['--users', '/no/such'], /^the users file \/no\/such cannot be read: ENOENT/],
    [['--users', noJson], /^the users file .*no\.json: line 1 is no JSON: /],
    [['--token-file', empty], /^--token-file .*empty is empty: it must hold the token$/],
    [['--token-file', '/no/such'], /^--token-file \/no\/such cannot be read: /],
    [['--tls-cert', noPem], /^--tls-key is missing: give it together with --tls-cert$/],
    [['--tls-ca', noPem], /^--tls-cert is missing: give it together with --tls-ca$/],
    [['--tls-cert', '/no/such', '--tls-key', '/no'], /^--tls-cert \/no\/such cannot be read: /],
    [
      ['--tls-cert', noPem, '--tls-key', noPem],
      /^--tls-cert .*no\.pem and --tls-key .*no\.pem are no certificate and its key, in PEM: /,
    ],
    [['--max-payload', '1 MB'], /^--max-payload 1 MB is no size: give bytes, or a number with KB, MB or GB$/],
    [['--max-payload', '1GB'], /^maxPayloadBytes is 1073741824: .* from 1 to 67108864$/],
    [['--max-pending', '0'], /^maxPendingBytes is 0: /],
    [['--max-connections', 'x'], /^--max-connections x is no whole number$/],
    [['--ping-interval', 'soon'], /^--ping-interval soon is no number of seconds, such as 10 or 0\.5$/],
    [['--log-level', 'loud'], /^--log-level loud is none of trace, /],
  ] as const) {
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const place = (args as readonly string[]).includes('--listen') ? [] : ['--listen', '127.0.0.1:0'];
    const call = dispatch({ args: ['broker', ...place, ...args], env: {}, ...streams });
    await assert.rejects(call, { name: 'UsageError', exitCode: 1, message }, args.join(' '));
  }
});
