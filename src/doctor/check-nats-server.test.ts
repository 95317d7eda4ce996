import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { natsConfig } from '../security/nats-config.ts';
import { checkNatsServer } from './check-nats-server.ts';
import { readNatsConfig } from './nats-settings.ts';

const NODE = { brokerAddress: 'broker.example:4222', linkSilenceSeconds: 60 };

async function settingsOf(t: TestContext, text: string) {
  const { path } = await tempFolder(t);
  await writeFile(join(path, 'nats.conf'), text);
  const { writeDeadlineMs, pingIntervalMs, port, monitor } = await readNatsConfig(join(path, 'nats.conf'));
  return [writeDeadlineMs, pingIntervalMs, port, monitor];
}

test('the forms of a nats-server configuration are read as nats-server reads them', async (t) => {
  const read = (text: string) => settingsOf(t, text);
  assert.deepEqual(await read(''), [10_000, 120_000, 4222, undefined]);
  assert.deepEqual(await read('port=5222, http_port 8222\n"write_deadline" 30\nD="20s"\nPING_interval $D'), [
    ...[30_000, 20_000, 5222, 'http://127.0.0.1:8222'],
  ]);
  // Without quotes the letter is a size: two million seconds, as nats-server 2.9 tells at /varz.
  assert.deepEqual((await read('write_deadline: 90s\nping_interval: 2m')).slice(0, 2), [90_000, 2e9]);
  assert.deepEqual(await read('{"write_deadline":"1m30s","listen":"0.0.0.0:99","http":"[::]:98"}'), [
    ...[90_000, 120_000, 99, 'http://127.0.0.1:98'],
  ]);
  const nested = `cluster { write_deadline: "1s", routes = [ nats-route://a:1, nats://b:2 ] } // "1s" {
    # write_deadline: "2s"
    tls { cert_file: './a{b.pem' }
    write_deadline: "1h"
    mqtt
    { ping_interval: "1s" }`;
  assert.deepEqual((await read(nested)).slice(0, 2), [3_600_000, 120_000]);
  assert.deepEqual((await read('write_deadline: $NOWHERE\nping_interval: "soon"')).slice(0, 2), [
    ...[undefined, undefined],
  ]);
});

test('included files count, from their own folder, and one that includes itself ends', async (t) => {
  const { path } = await tempFolder(t);
  await writeFile(join(path, 'more.conf'), 'include "more.conf"\nwrite_deadline: "70s"');
  await writeFile(join(path, 'nats.conf'), 'include ./more.conf\nport: 1');
  const read = await readNatsConfig(join(path, 'nats.conf'));
  assert.deepEqual([read.writeDeadlineMs, read.port], [70_000, 1]);
});

test('what broker-config writes is well; the defaults of nats-server cut thin links', async (t) => {
  const { path: folder } = await tempFolder(t);
  const file = join(folder, 'nats.conf');
  const look = async (text: string, linkSilenceSeconds = 60) => {
    await writeFile(file, text);
    return await checkNatsServer({ ...NODE, linkSilenceSeconds }, { given: file, folder });
  };
  const written = natsConfig([], { port: 4222 });
  assert.deepEqual(await look(written), [
    {
      check: 'broker',
      verdict: 'ok',
      text: `nats-server (${file}): write_deadline 1 min, ping_interval 5 min`,
    },
  ]);
  const [cut, ...rest] = await look('port: 4222');
  assert.deepEqual(rest, []);
  assert.equal(cut!.verdict, 'warn');
  assert.match(cut!.text, /^write_deadline is 10 s in nats-server \(.*\): it cuts nodes whose thin link/);
  assert.match(cut!.advice!, /^set write_deadline: "60s" there/);
  assert.equal((await look(written, 360))[0]!.verdict, 'ok');
  const often = 'write_deadline: "60s"\nping_interval: "2m"';
  const [spared] = await look(often);
  assert.match(
    spared!.text,
    /, ping_interval 2 min \("5m" spares nodes with link = metered its questions\)$/,
  );
  const [metered] = await look(often, 360);
  assert.match(metered!.text, /^ping_interval is 2 min .* before the node asks it, after 4 min/);
  assert.match(metered!.advice!, /^set ping_interval: "5m" there/);
  const [unquoted] = await look('write_deadline: "60s"\nping_interval: 2m');
  assert.match(unquoted!.text, /^ping_interval is 23 d 4 h .* three times as long/);
});

test('a file is found next to a node whose broker is on its machine, and only if it is for its port', async (t) => {
  const { path: folder } = await tempFolder(t);
  await writeFile(join(folder, 'nats-server.conf'), 'port: 14555');
  const look = async (brokerAddress: string) =>
    (await checkNatsServer({ ...NODE, brokerAddress }, { folder })).map(({ verdict }) => verdict);
  assert.deepEqual(await look('tls://user:pw@127.0.0.1:14555'), ['warn']);
  assert.deepEqual(await look('a.example:14555, localhost:14555'), ['warn']);
  assert.deepEqual(await look('127.0.0.1:14556'), []);
  assert.deepEqual(await look('a.example:14555'), []);
});

test('what nats-server tells while it runs goes before its file; what cannot be looked at is a fault', async (t) => {
  const { path: folder } = await tempFolder(t);
  const varz = { server_id: 'N', port: 4222, write_deadline: 2e9, ping_interval: 120e9 };
  const server = createServer((request, response) =>
    response.writeHead(request.url === '/varz' ? 200 : 404).end(JSON.stringify(varz)),
  ).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const file = join(folder, 'nats.conf');
  await writeFile(file, `http: "127.0.0.1:${port}"\n${natsConfig([], { port: 4222 })}`);
  const textOf = async (given: string) => {
    const [found] = await checkNatsServer(NODE, { given, folder });
    return `${found!.verdict} ${found!.text}`;
  };
  assert.match(
    await textOf(`http://127.0.0.1:${port}`),
    /^warn write_deadline is 2\.0 s in nats-server \(http/,
  );
  assert.match(await textOf(file), /^warn write_deadline is 2\.0 s in nats-server \(.* as it runs\)/);
  // Another server's monitoring port says nothing of this one.
  await writeFile(file, (await readFile(file, 'utf8')).replace('port: 4222', 'port: 4223'));
  assert.match(await textOf(file), /^ok nats-server/);
  assert.match(await textOf('http://127.0.0.1:1'), /^fail http:\/\/127\.0\.0\.1:1 cannot be looked at: /);
  assert.match(await textOf(join(folder, 'none.conf')), /^fail .*none\.conf cannot be looked at: ENOENT/);
});
