import { arch, platform, release } from 'node:os';
import type { Config } from '../config/config.ts';
import { addFormatHeaders } from '../message/body-format.ts';
import { encodeMessage } from '../message/encode-message.ts';
import { kindOf } from '../message/kind-of.ts';
import { newMessage } from '../message/message.ts';
import { subjectOf } from '../message/subject.ts';
import { HEADER } from '../message/wire-headers.ts';

/** Where a hello is written at the central node, as the reference has it. */
const PLACE = { directory: 'hello-messages', fileName: 'hello.log' };

export type HelloPublish = (
  subject: string,
  payload: Uint8Array,
  more: { headers: Record<string, string> },
) => boolean;

/**
 * Makes the function that says hello to the central node; nobody waits for an answer to it. The hello's headers
 * tell what the node list shows: version, system, uptime (s), labels, and how often hellos come (s).
 */
export function createHello(
  config: Config,
  deps: { version: string; now: () => number; publish: HelloPublish },
): () => void {
  const startedAt = deps.now();
  const message = newMessage({
    ...PLACE,
    toNode: config.centralNodeName,
    fromNode: config.nodeName,
    method: 'REQHello',
    data: [Buffer.from(`Hello from ${config.nodeName}\n`)],
    ackTimeout: config.defaultMessageTimeoutSeconds,
    retries: config.defaultMessageRetries,
    methodTimeout: config.defaultMethodTimeoutSeconds,
  });
  return () => {
    const { payload, serial, cmp } = encodeMessage(message, config);
    const about = {
      version: deps.version,
      os: `${platform()} ${release()}`,
      arch: arch(),
      uptime: Math.round((deps.now() - startedAt) / 1000),
      labels: config.labels,
      interval: config.helloIntervalSeconds,
    };
    const headers: Record<string, string> = { [HEADER.hello]: JSON.stringify(about) };
    addFormatHeaders(headers, { serial, cmp });
    deps.publish(subjectOf(message, kindOf(message.method)), payload, { headers });
  };
}
