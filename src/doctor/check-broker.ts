import { randomUUID } from 'node:crypto';
import { type ConnectFault, payloadFault } from '../bus/connect-fault.ts';
import type { BusOptions } from '../bus/connect-options.ts';
import { centralNameSubject, NAME_RIGHTS } from '../bus/name-rights.ts';
import { type BrokerProbe, probeBroker } from '../bus/probe-broker.ts';
import type { Config } from '../config/config.ts';
import { isLoopback } from '../lib/is-loopback.ts';
import { checkPermissions, type Permits } from './check-permissions.ts';
import { type Finding, finding } from './finding.ts';

const MOST_CONNECT_MS = 10_000;
const SMALL_PAYLOAD = 64 * 1024;

/** Whether the broker can be reached and signed in at, what it allows, and whether the node's name is free. */
export async function checkBroker(
  config: Config,
  { isRunning }: { readonly isRunning: boolean | undefined },
): Promise<Finding[]> {
  const probe = await probeBroker(busOptions(config));
  if ('fault' in probe) return [connectFinding(probe.fault)];
  await using broker = probe;
  return [
    ...describe(broker),
    ...(await checkPermissions(config, broker)),
    // At a broker that lets everybody in, everybody may do everything.
    ...(broker.wantsSignIn ? await checkNameRights(config, broker) : []),
    ...(await checkName(config.nodeName, broker, isRunning)),
  ];
}

function busOptions(config: Config): BusOptions {
  return {
    nodeName: `${config.nodeName} (doctor)`,
    brokerAddress: config.brokerAddress,
    silenceMs: config.linkSilenceSeconds * 1000,
    connectTimeoutMs: Math.min(config.natsConnOptTimeoutSeconds * 1000, MOST_CONNECT_MS),
    retryIntervalMs: 0,
    reconnectJitterMs: 0,
    reconnectJitterTlsMs: 0,
    rootCaPath: config.rootCaPath,
    nkeySeedFile: config.nkeySeedFile,
    credsFile: config.credsFile,
    tlsCertFile: config.tlsCertFile,
    tlsKeyFile: config.tlsKeyFile,
  };
}

/** The fault's sentence has the way out behind its last colon. */
function connectFinding({ text }: Pick<ConnectFault, 'text'>): Finding {
  const [, what, advice] = /^(.*): (.*)$/s.exec(text) ?? [];
  return what === undefined || advice === undefined || /:\/\/\S*$/.test(what)
    ? finding('broker', 'fail', text)
    : finding('broker', 'fail', what, advice);
}

function describe(broker: BrokerProbe): Finding[] {
  const { server, version, maxPayload, hasHeaders, isEncrypted, roundTripMs } = broker;
  const link = `${isEncrypted ? 'TLS' : 'not encrypted'}, round trip ${roundTripMs.toFixed(1)} ms`;
  const text = `signed in at ${server}, version ${version} (${link}, messages of ${Math.round(maxPayload / 1024)} KB)`;
  const findings = [finding('broker', 'ok', text)];
  if (!hasHeaders) {
    const what = `the broker's version ${version} knows no headers, on which exactly-once delivery rests`;
    findings.push(finding('broker', 'fail', what, 'use nats-server 2.2.0 or newer'));
  }
  const host = server.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (!isEncrypted && !isLoopback(host)) {
    const what = 'what is sent to the broker is not encrypted, commands and their results too';
    findings.push(
      finding('broker', 'warn', what, 'switch TLS on there, and name its root certificate with rootCAPath'),
    );
  }
  const fault = payloadFault(maxPayload);
  if (fault !== undefined) findings.push(connectFinding({ text: fault }));
  else if (maxPayload < SMALL_PAYLOAD) {
    const what = `the broker takes messages of ${maxPayload} bytes only, so that larger ones go in very many parts`;
    findings.push(finding('broker', 'warn', what, 'raise max_payload there, 1MB is its default'));
  }
  return findings;
}

/** Whether permissions like those of the original's README let this node answer in the place of another central node. */
export async function checkNameRights(
  { isCentral, centralNodeName: central }: Pick<Config, 'isCentral' | 'centralNodeName'>,
  broker: Permits,
): Promise<Finding[]> {
  if (isCentral) return [];
  const mayDo = await Promise.all([
    broker.canSubscribe(centralNameSubject(central)),
    broker.canPublish(centralNameSubject(central).replace('*', 'doctor')),
  ]);
  return mayDo.includes(false)
    ? []
    : [finding('permissions', 'warn', NAME_RIGHTS.what(central), NAME_RIGHTS.advice)];
}

/** Nobody but the node of this name listens where instances ask for it; an empty question is no question to it. */
async function checkName(
  nodeName: string,
  broker: BrokerProbe,
  isRunning: boolean | undefined,
): Promise<Finding[]> {
  const subject = `${nodeName}.Steward.Instance`;
  const isTaken = await broker.hasListener(subject, `${subject}.reply.${randomUUID().slice(0, 8)}`);
  if (isTaken === undefined) return [];
  if (!isTaken && isRunning === true) {
    const text = `the node that runs here is not connected to this broker as ${nodeName}`;
    return [finding('name', 'warn', text, 'look into its log; it may have another brokerAddress or name')];
  }
  if (!isTaken) return [finding('name', 'ok', `no node named ${nodeName} is connected`)];
  if (isRunning === true) return [finding('name', 'ok', `the node named ${nodeName} is connected`)];
  const here = isRunning === undefined ? 'perhaps the one here' : 'and none here';
  const text = `a node named ${nodeName} is connected already, ${here}`;
  const advice = 'stop it, or give this one another nodeName: two of one name would run everything twice';
  return [finding('name', isRunning === undefined ? 'warn' : 'fail', text, advice)];
}
