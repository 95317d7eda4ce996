import type { Config } from '../config/config.ts';
import type { SwitchedMethod } from '../config/start-sub-specs.ts';
import { KINDS } from '../message/kind.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { kindOf } from '../message/subject.ts';
import { type Finding, finding } from './finding.ts';

/** What a broker is asked. */
export interface Permits {
  canPublish(subject: string): Promise<boolean>;
  canSubscribe(subject: string): Promise<boolean>;
}

interface Need {
  /** What is lost where it is refused. */
  readonly purpose: string;
  /** Any one of them is enough. */
  readonly subjects: readonly string[];
  readonly verb: 'publish' | 'subscribe';
  /** What to allow, as a pattern. */
  readonly pattern: string;
}

/** A method that no node has: what is published under it reaches nobody. */
const NO_METHOD = 'Steward';
/** A node that does not exist, for what may go to any node. */
const NO_NODE = 'steward-doctor';
const TOKEN = 'doctor';

/** Whether the broker allows what a node with these settings needs. */
export async function checkPermissions(config: Config, broker: Permits): Promise<Finding[]> {
  const needs = needsOf(config);
  // All at once: over a satellite each question takes its time.
  const areMet = await Promise.all(needs.map((need) => isMet(need, broker)));
  const refused = needs.filter((_, place) => !areMet[place]);
  if (refused.length === 0)
    return [
      finding('permissions', 'ok', `the broker allows what this node needs (${needs.length} subjects tried)`),
    ];
  return refused.map(({ purpose, verb, pattern }) =>
    finding(
      'permissions',
      'fail',
      `the broker does not allow this node to ${verb} ${pattern}: ${purpose}`,
      'allow it there; steward broker-config writes the permissions of a whole fleet',
    ),
  );
}

async function isMet({ verb, subjects }: Need, broker: Permits): Promise<boolean> {
  for (const subject of subjects) {
    if (await (verb === 'publish' ? broker.canPublish(subject) : broker.canSubscribe(subject))) return true;
  }
  return false;
}

/** Each with a subject that stands for its pattern, on which nobody listens or which is heard for a moment. */
function needsOf(config: Config): Need[] {
  const { nodeName: node, centralNodeName: central } = config;
  const to = config.isCentral ? NO_NODE : central;
  return [
    ...methodsOf(config).map((method) => hears(node, method)),
    {
      purpose: 'it cannot find out whether its name is taken',
      ...{ verb: 'subscribe', subjects: [`${node}.Steward.Instance`], pattern: `${node}.*.*` },
    },
    {
      purpose: 'it cannot find out whether its name is taken',
      ...{ verb: 'publish', subjects: [`${node}.Steward.Instance`], pattern: `${node}.Steward.Instance` },
    },
    // In a closed fleet a ship has rights by method: each that could be tried would mean something.
    ...(config.trust.mode === 'closed' && !config.isCentral ? [] : KINDS).map(
      (kind): Need => ({
        purpose: `its ${kind} messages do not reach ${config.isCentral ? 'the nodes' : central}`,
        ...{ verb: 'publish', subjects: [`${to}.${NO_METHOD}.${kind}`] },
        pattern: `${config.isCentral ? '*' : central}.*.${kind}`,
      }),
    ),
    {
      purpose: 'senders never learn that it took what they sent',
      ...{ verb: 'publish', subjects: [`${node}.${NO_METHOD}.EventACK.reply.${NO_NODE}.${TOKEN}`] },
      pattern: `${node}.*.*.reply.>`,
    },
    answers(config.isCentral ? '*' : central, `${to}.REQToFileAppend.EventACK`, node),
    answers(ERROR_CENTRAL, `${ERROR_CENTRAL}.REQErrorLog.EventACK`, node),
    ...(config.startSub.REQRelay ? [relays(node)] : []),
    ...(config.startSub.REQErrorLog ? [errors()] : []),
  ];
}

const ALWAYS = ['REQCancel', 'REQReport', 'REQOpProcessList'] as const;

function methodsOf({ startSub }: Config): string[] {
  const switched = Object.entries(startSub) as [SwitchedMethod, boolean][];
  const own = switched.flatMap(([method, isOn]) =>
    isOn && method !== 'REQRelay' && method !== 'REQErrorLog' ? [method] : [],
  );
  return [...own, ...ALWAYS];
}

function hears(node: string, method: string): Need {
  const subject = `${node}.${method}.${kindOf(method)}`;
  return { purpose: `it gets no ${method}`, verb: 'subscribe', subjects: [subject], pattern: `${node}.*.*` };
}

/** Where its own subject is refused, a node waits for answers on the one that all share. */
function answers(whose: string, subject: string, node: string): Need {
  return {
    purpose: `what it sends to ${whose === '*' ? 'others' : whose} is never confirmed`,
    verb: 'subscribe',
    subjects: [`${subject}.reply.${node}.${TOKEN}`, `${subject}.reply`],
    pattern: `${whose === ERROR_CENTRAL ? subject : `${whose}.*.*`}.reply.${node}.*`,
  };
}

function relays(node: string): Need {
  const subject = `*.${node}.REQRelay.EventACK`;
  return { purpose: 'it relays nothing', verb: 'subscribe', subjects: [subject], pattern: subject };
}

function errors(): Need {
  const subject = 'errorCentral.REQErrorLog.EventACK';
  return { purpose: 'it collects no errors', verb: 'subscribe', subjects: [subject], pattern: subject };
}
