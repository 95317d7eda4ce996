import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Broker, startBroker } from '../support/broker.ts';
import { type BrokerInfo, normalised, ProtocolClient } from '../support/protocol-client.ts';
import type { Script, Step } from '../support/protocol-script.ts';
import { SCRIPT_GROUPS } from '../support/protocol-scripts.ts';

for (const { name, config, scripts } of SCRIPT_GROUPS) {
  test(`${name}: the embedded broker answers the same bytes as nats-server does`, async (t) => {
    const [real, own] = await Promise.all([
      startBroker(t, { config, kind: 'nats-server' }),
      startBroker(t, { config, kind: 'embedded' }),
    ]);
    for (const script of scripts) {
      await t.test(script.title, async () => {
        const [expected, given] = await Promise.all([play(script, real), play(script, own)]);
        assert.deepEqual(given, expected);
      });
    }
  });
}

/** Does what a script says and returns what each client got, and what the broker said of itself at the beginning. */
async function play({ steps, ending = 'settle' }: Script, broker: Broker): Promise<Record<string, unknown>> {
  await using stack = new AsyncDisposableStack();
  const clients = new Map<string, ProtocolClient>();
  for (const [index, [name, bytes]] of steps.entries()) {
    const client = clients.get(name) ?? stack.use(await ProtocolClient.open(broker));
    clients.set(name, client);
    await send(client, { bytes, broker });
    if (index < steps.length - 1 || ending === 'settle') await client.settle();
  }
  for (const client of clients.values()) {
    if (ending === 'settle') await client.settle();
    else if (ending === 'end') await client.waitForEnd();
    else stack.use(await ProtocolClient.open(broker));
  }
  const [first] = clients.values();
  const answers = [...clients].map(([name, client]) => [name, normalised(client)]);
  return { info: comparable(first!.info), ...Object.fromEntries(answers) };
}

/** What clients go by; the rest names the program and its place. */
function comparable(info: BrokerInfo): BrokerInfo {
  const { proto, headers, max_payload, auth_required, tls_required, tls_verify, client_ip, ...rest } = info;
  const kinds = [rest.server_id, rest.server_name, rest.version, rest.host, rest.port, rest.client_id].map(
    (value) => typeof value,
  );
  return { proto, headers, max_payload, auth_required, tls_required, tls_verify, client_ip, kinds };
}

async function send(
  client: ProtocolClient,
  { bytes, broker }: { bytes: Step[1]; broker: Broker },
): Promise<void> {
  if (typeof bytes === 'function') return client.send(bytes(client.info));
  if (typeof bytes === 'string') return client.send(bytes);
  for (const [index, piece] of bytes.entries()) {
    await client.send(piece);
    // By the time that another client has connected, the broker has read what came before.
    if (index < bytes.length - 1) await (await ProtocolClient.open(broker))[Symbol.asyncDispose]();
  }
}
