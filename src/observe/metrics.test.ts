import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { Exposition } from './exposition.ts';
import { Metrics } from './metrics.ts';
import { startMetricsServer } from './metrics-server.ts';

/** The value of one line of the text, by its name and labels. */
const valueIn = (text: string, series: string) =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);

const NO_SOURCES = {
  outboxByState: () => ({}),
  messagesInMemory: () => 0,
  messagesInStore: () => 0,
  runningProcesses: () => [],
};

test('every name of the reference is there before anything has happened', async () => {
  const metrics = new Metrics({ version: '1.2.3' });
  using exposition = new Exposition(metrics);
  const text = await exposition.registry.metrics();
  assert.equal(valueIn(text, 'steward_build_version{version="1.2.3"}'), '1');
  for (const name of [
    'processes_total',
    'hello_nodes_total',
    'messages_processed_id_last',
    'ringbuffer_stalled_messages_total',
    'in_memory_buffer_messages_current',
    'user_messages_total',
    'nats_delivered_total',
    'nats_messages_failed_acks_total',
    'nats_messages_missed_acks_total',
    'error_messages_received_total',
    'error_messages_sent_total',
    'info_messages_sent_total',
    'db_messages_current',
  ]) {
    assert.equal(valueIn(text, `steward_${name}`), '0', name);
  }
  for (const name of ['processes_all_running', 'hello_node_contact_last', 'outbox_messages']) {
    assert.match(text, new RegExp(`# TYPE steward_${name} gauge`));
  }
  assert.match(text, /process_resident_memory_bytes \d+/);
});

test('events are counted, and counted once however often they are scraped', async () => {
  const metrics = new Metrics({ version: '1' });
  using exposition = new Exposition(metrics);
  metrics.submitted(3);
  metrics.delivered('REQPing', 0.02);
  metrics.delivered('REQPing', 1e6);
  metrics.finished();
  metrics.ackMissed();
  metrics.ackFailed();
  metrics.stalled();
  metrics.errorSent(2);
  metrics.infoSent();
  metrics.errorReceived();
  metrics.methodEnded('REQCliCommand', 'failed', 0.3);
  await exposition.registry.metrics();
  const text = await exposition.registry.metrics();
  const expected = {
    steward_user_messages_total: '3',
    steward_nats_delivered_total: '2',
    steward_messages_processed_id_last: '1',
    steward_nats_messages_missed_acks_total: '1',
    steward_nats_messages_failed_acks_total: '1',
    steward_ringbuffer_stalled_messages_total: '1',
    steward_error_messages_sent_total: '2',
    steward_info_messages_sent_total: '1',
    steward_error_messages_received_total: '1',
    'steward_delivery_seconds_bucket{method="REQPing",le="0.01"}': '0',
    'steward_delivery_seconds_bucket{method="REQPing",le="0.025"}': '1',
    'steward_delivery_seconds_bucket{method="REQPing",le="+Inf"}': '2',
    'steward_delivery_seconds_sum{method="REQPing"}': '1000000.02',
    'steward_delivery_seconds_count{method="REQPing"}': '2',
    'steward_method_seconds_count{method="REQCliCommand",state="failed"}': '1',
  };
  for (const [series, value] of Object.entries(expected)) assert.equal(valueIn(text, series), value, series);
});

test('processes and hellos come with their names', async () => {
  const metrics = new Metrics({ version: '1' });
  using exposition = new Exposition(metrics);
  metrics.sources = { ...NO_SOURCES, runningProcesses: () => ['a', 'b', 'b'] };
  metrics.helloReceived('ship1', 1500);
  const text = await exposition.registry.metrics();
  assert.equal(valueIn(text, 'steward_processes_total'), '3');
  assert.equal(valueIn(text, 'steward_processes_all_running{processName="a"}'), '1');
  assert.equal(valueIn(text, 'steward_processes_all_running{processName="b"}'), '2');
  assert.equal(valueIn(text, 'steward_processes_all_running{processName="c"}'), undefined);
  assert.equal(valueIn(text, 'steward_hello_nodes_total'), '1');
  assert.equal(valueIn(text, 'steward_hello_node_contact_last{nodeName="ship1"}'), '1.5');
});

test('what others count is read at the scrape, and a source that fails leaves out its own only', async () => {
  const metrics = new Metrics({ version: '1' });
  using exposition = new Exposition(metrics);
  metrics.sources = {
    outboxByState: async () => ({ queued: 5, sent: 2 }),
    messagesInMemory: () => 7,
    messagesInStore: () => Promise.reject(new Error('the store is closed')),
    runningProcesses: () => [],
  };
  const text = await exposition.registry.metrics();
  assert.equal(valueIn(text, 'steward_outbox_messages{state="queued"}'), '5');
  assert.equal(valueIn(text, 'steward_in_memory_buffer_messages_current'), '7');
  assert.equal(valueIn(text, 'steward_db_messages_current'), undefined);
});

test('a blocked event loop shows, once', async () => {
  const metrics = new Metrics({ version: '1' });
  using exposition = new Exposition(metrics);
  const tick = () => new Promise((resolve) => setTimeout(resolve, 30));
  await tick();
  const until = performance.now() + 100;
  while (performance.now() < until);
  await tick();
  const max = 'steward_event_loop_delay_seconds{quantile="max"}';
  const first = Number(valueIn(await exposition.registry.metrics(), max));
  assert.ok(first > 0.05 && first < 5, String(first));
  assert.ok(Number(valueIn(await exposition.registry.metrics(), max)) < first);
});

const logger = { error: () => {} };

test('fault 22: only the metrics are served, on the address given', async () => {
  const metrics = new Metrics({ version: '1' });
  await using server = await startMetricsServer({ host: '127.0.0.1', port: 0 }, { metrics, logger });
  const url = `http://127.0.0.1:${server.port}`;
  const found = await fetch(`${url}/metrics`);
  assert.equal(found.status, 200);
  assert.match(found.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
  assert.match(await found.text(), /steward_build_version/);
  const head = await fetch(`${url}/metrics`, { method: 'HEAD' });
  assert.ok(Number(head.headers.get('content-length')) > 1000);
  for (const path of ['/', '/debug/pprof/', '/metrics/', '//metrics']) {
    assert.equal((await fetch(url + path)).status, 404, path);
  }
  const posted = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' });
  assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD']);
});

test('a port in use is an error that says so', async () => {
  const metrics = new Metrics({ version: '1' });
  await using server = await startMetricsServer({ host: '127.0.0.1', port: 0 }, { metrics, logger });
  await assert.rejects(startMetricsServer({ host: '127.0.0.1', port: server.port }, { metrics, logger }), {
    code: 'in-use',
    message: new RegExp(`another program listens on 127.0.0.1:${server.port}`),
  });
});

test('stopping does not wait for a client that hangs, and frees the port', async () => {
  const metrics = new Metrics({ version: '1' });
  const server = await startMetricsServer({ host: '127.0.0.1', port: 0 }, { metrics, logger });
  const { port } = server;
  const kept = await fetch(`http://127.0.0.1:${port}/metrics`);
  await kept.text();
  await server[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  await new Promise((resolve) => other.close(resolve));
});
