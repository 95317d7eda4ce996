import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import type { Config } from './config.ts';
import { loadConfig } from './load-config.ts';

async function load(t: TestContext, ...args: string[]): Promise<Config> {
  const { path } = await tempFolder(t);
  const names = ['-nodeName=ship1', '-centralNodeName=central'];
  return (await loadConfig({ args: [...names, ...args], env: { CONFIG_FOLDER: path } })).config;
}

test('a node finds the broker that runs inside it, unless its settings name another', async (t) => {
  for (const [flags, address] of [
    [[], '127.0.0.1:4222'],
    [['-embeddedBroker=127.0.0.1:4333'], '127.0.0.1:4333'],
    [['-embeddedBroker=[::1]:4333'], '[::1]:4333'],
    [['-embeddedBroker=:4333', '-embeddedBrokerUsers=u'], '127.0.0.1:4333'],
    [['-embeddedBroker=127.0.0.1:4333', '-brokerAddress=tls://me:4333'], 'tls://me:4333'],
  ] as const) {
    assert.equal((await load(t, ...flags)).brokerAddress, address);
  }
  assert.equal((await load(t)).embeddedBroker, undefined);
  const { address, usersFile, tlsCertFile } = (await load(t, '-embeddedBroker=127.0.0.1:4333'))
    .embeddedBroker!;
  assert.deepEqual([address, usersFile, tlsCertFile], [{ host: '127.0.0.1', port: 4333 }, '', '']);
});

test('an embedded broker that cannot work, or that everybody could use, is refused with the way out', async (t) => {
  for (const [flags, message] of [
    [['-embeddedBroker=here'], /flag -embeddedBroker: "here" is not host:port/],
    [['-embeddedBroker=127.0.0.1:0'], /is not host:port/],
    [['-embeddedBroker=0.0.0.0:4333'], /needs users: set EmbeddedBrokerUsers, or listen on 127\.0\.0\.1$/],
    [['-embeddedBroker=127.0.0.1:1', '-embeddedBrokerTLSCert=x'], /without EmbeddedBrokerTLSKey: give both$/],
    [['-embeddedBroker=127.0.0.1:1', '-embeddedBrokerTLSKey=x'], /without EmbeddedBrokerTLSCert: give both$/],
  ] as const) {
    await assert.rejects(load(t, ...flags), { name: 'ConfigError', code: 'bad-value', message });
  }
});

test('nodes are let in by the central one alone, with TLS and a key of its own', async (t) => {
  const central = ['-nodeName=central', '-embeddedBroker=0.0.0.0:4333', '-admissionFolder=a'];
  const secured = [...central, '-embeddedBrokerTLSCert=x', '-embeddedBrokerTLSKey=x', '-nkeySeedFile=x'];
  assert.equal((await load(t, ...secured)).embeddedBroker?.admissionFolder, 'a');
  for (const [flags, message] of [
    [central, /needs EmbeddedBrokerTLSCert, EmbeddedBrokerTLSKey and NkeySeedFile, which steward up makes$/],
    [[...secured, '-embeddedBrokerUsers=u'], /and so does EmbeddedBrokerUsers: give one of them$/],
    [[...secured, '-nodeName=ship1'], /is for the central node alone: leave it empty on this one$/],
  ] as const) {
    await assert.rejects(load(t, ...flags), { name: 'ConfigError', code: 'bad-value', message });
  }
});
