import { nkeys } from '@nats-io/transport-node';
import type { BrokerInfo } from './protocol-client.ts';
import { as, HEADED, SAID, type Script, type ScriptGroup, single } from './protocol-script.ts';
import { CONNECTS, LINES, SUBJECTS } from './protocol-scripts-basic.ts';
import { EXCHANGES, SUBSCRIPTIONS } from './protocol-scripts-exchange.ts';

const KEY = nkeys.createUser();
const OTHER_KEY = nkeys.createUser();

function withKey(key: typeof KEY, signer = key): (info: BrokerInfo) => string {
  return ({ nonce }) => {
    const signature = Buffer.from(signer.sign(new TextEncoder().encode(String(nonce)))).toString('base64url');
    return `CONNECT ${JSON.stringify({ verbose: true, nkey: key.getPublicKey(), sig: signature })}\r\n`;
  };
}

const USERS: readonly Script[] = [
  single('a user', 'SUB news 1\r\nPUB news 1\r\nx\r\n', as('boss', 'b')),
  single('a wrong password', '', as('boss', 'x')),
  single('an empty password', '', as('boss', '')),
  single('a user that nobody knows', '', as('nobody', 'b')),
  single('no sign-in', '', SAID),
  single('an nkey where there are none', '', 'CONNECT {"nkey":"UABC","sig":"x"}\r\n'),
  single('a token where there is none', '', 'CONNECT {"auth_token":"b"}\r\n'),
  ...['PING', 'SUB a 1', 'PUB a 0', 'GARBAGE', 'INFO {}', 'P', 'c', 'CONN'].map((line) => ({
    ...single(`${line} before the sign-in`, line.length > 4 || line === 'PING' ? `${line}\r\n` : line, ''),
    ending: /^c/i.test(line) ? ('other' as const) : ('end' as const),
  })),
  single(
    'what may be published',
    'PUB up.x 0\r\n\r\nPUB up.x.y 0\r\n\r\nPUB other 0\r\n\r\nPUB up.secret 0\r\n\r\nPUB up.* 0\r\n\r\n',
    as('ship', 's'),
  ),
  single(
    'what may be published, with verbose',
    'PUB up.x 0\r\n\r\nPUB other 0\r\n\r\nSUB no 1\r\n',
    as('ship', 's').replace('"verbose":false', '"verbose":true'),
  ),
  ...['down.x', 'down.*', 'down.>', '>', '*.x', 'other', 'down.secret', 'down.secret.x', 'down.a.b'].map(
    (subject) =>
      single(`subscribing to ${subject}`, `SUB ${subject} 1\r\nSUB ${subject} q 2\r\n`, as('ship', 's')),
  ),
  {
    title: 'a wildcard that is allowed does not bring what is denied',
    steps: [
      ['ship', as('ship', 's', 'SUB down.* 1\r\nSUB down.> q 2\r\n')],
      [
        'boss',
        as('boss', 'b', 'PUB down.secret 1\r\nx\r\nPUB down.open 1\r\ny\r\nPUB down.secret.x 1\r\nz\r\n'),
      ],
    ],
  },
  {
    title: 'nobody responds where a denied subject is all that somebody waits for',
    steps: [
      ['ship', as('ship', 's', 'SUB down.* 1\r\n')],
      ['boss', as('boss', 'b', 'SUB r 1\r\nPUB down.secret r 1\r\nx\r\n')],
    ],
  },
  {
    title: 'answers are allowed once each',
    steps: [
      ['helper', as('helper', 'h', 'SUB ask 1\r\n')],
      ['boss', as('boss', 'b', 'SUB inbox.* 1\r\nPUB ask inbox.1 0\r\n\r\nPUB ask inbox.2 0\r\n\r\n')],
      [
        'helper',
        'PUB inbox.1 1\r\n1\r\nPUB inbox.1 1\r\n2\r\nPUB inbox.2 1\r\n3\r\nPUB inbox.3 1\r\n4\r\nPUB ask 0\r\n\r\n',
      ],
    ],
  },
  single('a user who may do nothing', 'PUB a 0\r\n\r\nSUB a 1\r\nSUB > 2\r\n', as('none', 'n')),
  single('a refused message tells nobody', 'SUB down.r 1\r\nPUB other down.r 0\r\n\r\n', as('ship', 's')),
];

const USERS_CONFIG = `authorization { users = [
  {user: boss, password: b}
  {user: ship, password: s, permissions: {
    publish: {allow: ["up.>"], deny: ["up.secret"]}, subscribe: {allow: ["down.>"], deny: ["down.secret", "down.secret.>"]}}}
  {user: helper, password: h, permissions: {subscribe: ["ask"], allow_responses: true}}
  {user: none, password: n, permissions: {publish: {deny: [">"]}, subscribe: {deny: [">"]}}}
] }`;

/** What both brokers are asked. */
export const SCRIPT_GROUPS: readonly ScriptGroup[] = [
  {
    name: 'open to all',
    config: '',
    scripts: [...LINES, ...CONNECTS, ...SUBJECTS, ...SUBSCRIPTIONS, ...EXCHANGES],
  },
  { name: 'with users', config: USERS_CONFIG, scripts: USERS },
  {
    name: 'with a token',
    config: 'authorization { token: "of the test" }',
    scripts: [
      single('the token', 'SUB a 1\r\n', 'CONNECT {"verbose":true,"auth_token":"of the test"}\r\n'),
      single('another token', '', 'CONNECT {"auth_token":"of another"}\r\n'),
      single('no token', '', SAID),
      single('the token as a password', '', as('of the test', 'of the test')),
    ],
  },
  {
    name: 'with nkeys',
    config: `authorization { users = [ {nkey: ${KEY.getPublicKey()}, permissions: {publish: ["a"]}} ] }`,
    scripts: [
      {
        title: 'an nkey',
        steps: [
          ['a', withKey(KEY)],
          ['a', 'SUB a 1\r\nPUB a 0\r\n\r\nPUB b 0\r\n\r\n'],
        ],
      },
      { title: 'an nkey that another signed for', steps: [['a', withKey(KEY, OTHER_KEY)]] },
      { title: 'an nkey that nobody knows', steps: [['a', withKey(OTHER_KEY)]] },
      single('an nkey without signature', '', `CONNECT {"nkey":"${KEY.getPublicKey()}"}\r\n`),
      single(
        'an nkey with a signature that is none',
        '',
        `CONNECT {"nkey":"${KEY.getPublicKey()}","sig":"!?"}\r\n`,
      ),
    ],
  },
  {
    name: 'with small limits',
    config: 'max_payload: 64\nmax_subscriptions: 3',
    scripts: [
      single('a payload of the limit', `SUB a 1\r\nPUB a 64\r\n${'x'.repeat(64)}\r\n`),
      single('a payload above the limit', `SUB a 1\r\nPUB a 65\r\n${'x'.repeat(65)}\r\n`),
      single('headers count', `HPUB a 18 65\r\n${HEADED}${'x'.repeat(47)}\r\n`),
      single(
        'too many subscriptions',
        'SUB a 1\r\nSUB b 2\r\nSUB c 3\r\nSUB d 4\r\nUNSUB 1\r\nSUB d 4\r\nPUB d 1\r\nx\r\n',
      ),
    ],
  },
  {
    name: 'with room for four',
    config: 'max_connections: 4',
    scripts: [
      {
        title: 'too many connections',
        steps: ['a', 'b', 'c', 'd', 'e'].map((name) => [name, SAID] as const),
      },
    ],
  },
  {
    name: 'with little patience',
    config: `authorization { timeout: 1, users = [ {user: boss, password: b} ] }`,
    scripts: [{ title: 'a client that does not sign in', steps: [['a', '']], ending: 'end' }],
  },
];
