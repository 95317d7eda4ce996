import { nkeys } from '@nats-io/transport-node';
import type { BrokerInfo } from './protocol-client.ts';

/** One thing that a client does: bytes, in pieces where they are to arrive in pieces, or something made of INFO. */
export type Step = readonly [
  client: string,
  bytes: string | readonly string[] | ((info: BrokerInfo) => string),
];

/** What clients do at a broker, one step after the other; each client is connected at its first step. */
export interface Script {
  readonly title: string;
  readonly steps: readonly Step[];
  /** What ends it: all are asked for a PONG, or the connection ends by itself, or another client connects. */
  readonly ending?: 'settle' | 'end' | 'other';
}

/** A configuration of nats-server, and what is tried with it. */
export interface ScriptGroup {
  readonly name: string;
  readonly config: string;
  readonly scripts: readonly Script[];
}

const SAID = 'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\n';
const VERBOSE = SAID.replace('"verbose":false', '"verbose":true');
const PEDANTIC = SAID.replace('"pedantic":false', '"pedantic":true');
const NO_ECHO = 'CONNECT {"verbose":false,"headers":true,"no_responders":true,"echo":false}\r\n';

const KEY = nkeys.createUser();
const OTHER_KEY = nkeys.createUser();

/** Scripts of one client, by their bytes; each begins after a CONNECT where none is told. */
function single(title: string, bytes: string | readonly string[], connect = SAID): Script {
  const pieces = typeof bytes === 'string' ? [bytes] : bytes;
  return { title, steps: [['a', [`${connect}${pieces[0]}`, ...pieces.slice(1)]]] };
}

function as(user: string, pass: string, more = ''): string {
  const said = { verbose: false, pedantic: false, headers: true, no_responders: true, user, pass };
  return `CONNECT ${JSON.stringify(said)}\r\n${more}`;
}

function withKey(key: typeof KEY, signer = key): (info: BrokerInfo) => string {
  return ({ nonce }) => {
    const signature = Buffer.from(signer.sign(new TextEncoder().encode(String(nonce)))).toString('base64url');
    return `CONNECT ${JSON.stringify({ verbose: true, nkey: key.getPublicKey(), sig: signature })}\r\n`;
  };
}

const LINES: readonly Script[] = [
  single('garbage as the first bytes', 'GARBAGE', ''),
  single('garbage after CONNECT', 'GARB'),
  ...[
    'PUX a 1',
    'PUB',
    'SUB',
    'UNSUB',
    '',
    'MSG a 1 1',
    'RS+ a',
    'A+ a',
    'LS+ a',
    'PO',
    'HMSG',
    '+NO',
    '-OK',
  ].map((line) => single(`the line ${JSON.stringify(line)}`, `${line}\r\n`)),
  ...[
    'PUB a',
    'PUB a b c 1',
    'PUB a x',
    'PUB a -1',
    'PUB a 99999999999',
    'SUB a',
    'SUB a b c d',
    'UNSUB 1 2 3',
  ].map((line) => single(`wrong arguments: ${line}`, `${line}\r\n`)),
  ...['HPUB a 13 12', 'HPUB a 12', 'HPUB a 1 2 3 4', 'HPUB a x 5', 'HPUB a 5 x', "-ERR 'x'"].map((line) =>
    single(`wrong arguments: ${line}`, `${line}\r\n`),
  ),
  single('lines that a client need not send are let pass', 'INFO {}\r\n+OK\r\nPONG\r\n'),
  single('small letters', 'ping\r\nsub a 1\r\nPub a 1\r\nx\r\nuNsUb 1\r\npub a 1\r\ny\r\n'),
  single('lines that end with LF alone', 'SUB a 1\nPUB a 1\r\nx\r\nPING\nPUB a 1\nz\r\n'),
  single('more blanks than needed, and tabs', 'SUB  a \t 1 \r\nPUB   a   b   1  \r\nx\r\nPUB\ta\t1\r\ny\r\n'),
  single('words after PING', 'PING foo\r\nPINGPONG\r\n'),
  single('a payload without its line end', 'PUB a 3\r\nabcX\r\n'),
  single('a payload with half its line end', 'PUB a 3\r\nabc\rX'),
  single('a payload that ends with LF alone', 'PUB a 3\r\nabc\nPING\r\n'),
  single('a payload that is longer than announced', 'PUB a 3\r\nabcdef\r\n'),
  single(
    'a payload that holds lines of the protocol',
    'SUB a 1\r\nPUB a 20\r\nPING\r\nPUB b 1\r\nxx\r\n\r\n',
  ),
  single('a line that is too long', `SUB ${'a'.repeat(5000)} 1\r\n`),
  single('the line of a message that is too long', `PUB ${'a'.repeat(5000)} 1\r\nx\r\n`),
  single('a CONNECT that is too long', `CONNECT {"name":"${'a'.repeat(5000)}"}\r\n`, ''),
  single('a payload that is too large', 'PUB a 2000000\r\n'),
  single('headers and payload that are too large together', 'HPUB a 12 1048577\r\n'),
  single('frames in pieces', [
    'P',
    'IN',
    'G\r',
    '\n',
    'SU',
    'B a 1\r\nPU',
    'B a 5\r\nab',
    'cde\r',
    '\nPING\r\n',
  ]),
  single('a frame byte by byte', [...'SUB a.b 12\r\nHPUB a.b r 14 17\r\nNATS/1.0\r\nA:\r\n\r\nxyz\r\n']),
  single('a frame in pieces whose end is wrong', ['PUB a 5\r\nab', 'cde', 'X']),
  { ...single('half a frame', 'SUB a 1\r\nPUB a 10\r\nabc'), ending: 'other' },
];

const CONNECTS: readonly Script[] = [
  single(
    'no CONNECT at all: verbose and pedantic',
    'PING\r\nSUB a 1\r\nPUB a 1\r\nx\r\nPUB a.* 1\r\nx\r\nUNSUB 1\r\n',
    '',
  ),
  single('small letters and blanks', 'connect   {"verbose":true}  \r\nSUB a 1\r\n', ''),
  single('no blank before the object', 'CONNECT{"verbose":true}\r\nSUB a 1\r\n', ''),
  ...[
    '{bad',
    '',
    '[]',
    '{"verbose":"x"}',
    '{"headers":1}',
    '{"user":1}',
    '{"protocol":5}',
    '{"protocol":-1}',
    'null',
  ].map((json) => single(`CONNECT ${json}`, `CONNECT ${json}\r\n`, '')),
  single('CONNECT without anything', 'CONNECT\r\n', ''),
  single('a field that nobody knows', 'CONNECT {"verbose":true,"other":{"x":[1]},"name":null}\r\n', ''),
  single(
    'a second CONNECT keeps what it does not name',
    'CONNECT {}\r\nSUB a 1\r\nCONNECT {"verbose":true}\r\nSUB b 2\r\n',
  ),
  single('no_responders without headers', 'CONNECT {"no_responders":true}\r\n', ''),
  single(
    'HPUB without having said headers',
    'HPUB a 12 12\r\nNATS/1.0\r\n\r\n\r\n',
    'CONNECT {"verbose":false}\r\n',
  ),
  single('credentials where none are asked', '', as('somebody', 'secret')),
  single(
    'verbose',
    'SUB a 1\r\nPUB a 0\r\n\r\nUNSUB 1\r\nUNSUB 1\r\nPING\r\nPONG\r\nSUB a..b 2\r\n',
    VERBOSE,
  ),
  single(
    'pedantic',
    'PUB a.* 1\r\nx\r\nPUB a..b 1\r\nx\r\nPUB a b.* 0\r\n\r\nPUB a b..c 0\r\n\r\nSUB a..b 1\r\n',
    PEDANTIC,
  ),
];

const SUBJECTS: readonly Script[] = [
  ...['a..b', '.a', 'a.', '.', 'a.>.b', '>.a'].map((subject) =>
    single(`the subject ${subject}`, `SUB ${subject} 1\r\nPUB ${subject} 1\r\nx\r\n`),
  ),
  ...['a.*b', '*a', 'a>', 'a.>b', 'a*b.c'].map((subject) =>
    single(
      `${subject} is no wildcard`,
      `SUB ${subject} 1\r\nPUB ${subject} 1\r\nx\r\nPUB ${subject.replace(/[*>]/, 'z')} 1\r\ny\r\n`,
    ),
  ),
  single(
    'letters of other languages',
    Buffer.from('SUB ä.ö 1\r\nPUB ä.ö 0\r\n\r\nPUB ä.ü 0\r\n\r\n').toString('latin1'),
  ),
  ...['*', '*.*', 'a.*', '*.b', '>', 'a.>', 'a.*.c', '*.*.>'].map((wildcard) =>
    single(
      `the wildcard ${wildcard}`,
      `SUB ${wildcard} 7\r\n${[
        'a',
        'a.b',
        'a.b.c',
        'b',
        'b.b',
        'a.b.c.d',
        'x.y.z',
        'a..b',
        'a.*',
        'a.>',
        '*',
        '>',
      ]
        .map((subject, index) => `PUB ${subject} 2\r\n${String(index).padStart(2)}\r\n`)
        .join('')}`,
    ),
  ),
  single(
    'messages published to wildcards go to who subscribed the same',
    'SUB a.* 1\r\nPUB a.* 1\r\nx\r\nPUB a.> 1\r\ny\r\n',
  ),
  single(
    'reserved subjects',
    'SUB $SYS.> 1\r\nPUB $SYS.REQ.SERVER.PING 0\r\n\r\nPUB a _R_.x 0\r\n\r\nSUB _R_.x 2\r\nPUB _R_.x 1\r\nx\r\n',
  ),
];

const SUBSCRIPTIONS: readonly Script[] = [
  single('a sid that is taken', 'SUB a 1\r\nSUB b 1\r\nPUB a 0\r\n\r\nPUB b 0\r\n\r\n'),
  single('a sid that is free again', 'SUB a 1\r\nUNSUB 1\r\nSUB b 1\r\nPUB a 0\r\n\r\nPUB b 0\r\n\r\n'),
  single(
    'a new subscription after one that ended by itself',
    'SUB a 1\r\nUNSUB 1 1\r\nPUB a 0\r\n\r\nSUB a 3\r\nPUB a 1\r\nx\r\n',
  ),
  single(
    'UNSUB of what is not there, and with odd numbers',
    'UNSUB 9\r\nUNSUB 9 5\r\nUNSUB 1 x\r\nSUB a 1\r\nUNSUB 1 -1\r\nPUB a 0\r\n\r\nSUB a 2\r\nUNSUB 2 0\r\nPUB a 0\r\n\r\n',
  ),
  single(
    'UNSUB after two more',
    'SUB a 1\r\nUNSUB 1 2\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\nUNSUB 1 1\r\n',
  ),
  single(
    'UNSUB after as many as came',
    'SUB a 1\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\nUNSUB 1 2\r\nPUB a 1\r\n3\r\n',
  ),
  single(
    'UNSUB after one more than came',
    'SUB a 1\r\nPUB a 1\r\n1\r\nUNSUB 1 2\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\n',
  ),
  single(
    'UNSUB that is put off again',
    'SUB a 1\r\nUNSUB 1 2\r\nPUB a 1\r\n1\r\nUNSUB 1 3\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\nPUB a 1\r\n4\r\n',
  ),
  single(
    'long sids, and such that are no numbers',
    `SUB a ${'9'.repeat(40)}\r\nPUB a 0\r\n\r\nUNSUB ${'9'.repeat(40)}\r\nSUB a a-b_c\r\nPUB a 0\r\n\r\n`,
  ),
  {
    title: 'a queue group gets each message once',
    steps: [
      ['a', `${SAID}SUB q g 1\r\n`],
      ['b', `${SAID}${'PUB q 0\r\n\r\n'.repeat(5)}`],
    ],
  },
  {
    title: 'two queue groups and one without',
    steps: [
      ['a', `${SAID}SUB q g 1\r\n`],
      ['b', `${SAID}SUB q h 1\r\n`],
      ['c', `${SAID}SUB q 1\r\n`],
      ['d', `${SAID}PUB q 2\r\nhi\r\n`],
    ],
  },
  {
    title: 'a member of a queue group that does not want its own is passed over',
    steps: [
      ['a', `${NO_ECHO}SUB q g 1\r\n`],
      ['b', `${SAID}SUB q g 1\r\n`],
      ['a', 'PUB q 1\r\n1\r\nPUB q 1\r\n2\r\nPUB q 1\r\n3\r\n'],
    ],
  },
  {
    title: 'the last member of a queue group leaves',
    steps: [
      ['a', `${SAID}SUB q g 1\r\nUNSUB 1 1\r\n`],
      ['b', `${SAID}SUB r 1\r\nPUB q r 1\r\n1\r\nPUB q r 1\r\n2\r\n`],
    ],
  },
  single('a client that does not want its own', 'SUB a 1\r\nSUB a q 2\r\nPUB a 0\r\n\r\n', NO_ECHO),
];

const HEADED = 'NATS/1.0\r\nA: b\r\n\r\n';
const EXCHANGES: readonly Script[] = [
  {
    title: 'request and answer',
    steps: [
      ['server', `${SAID}SUB ask 1\r\n`],
      ['client', `${SAID}SUB inbox.* 1\r\nPUB ask inbox.1 5\r\nwhat?\r\n`],
      ['server', 'PUB inbox.1 4\r\nthat\r\n'],
    ],
  },
  single(
    'nobody responds',
    'SUB r 1\r\nPUB nobody r 0\r\n\r\nPUB nobody other 0\r\n\r\nPUB nobody 0\r\n\r\n',
  ),
  single('nobody responds, by a wildcard', 'SUB r.* 1\r\nPUB nobody r.5 0\r\n\r\n'),
  single('nobody responds, in a queue group', 'SUB r g 1\r\nPUB nobody r 0\r\n\r\n'),
  single(
    'nobody responds, and the subscription ends after one',
    'SUB r 1\r\nUNSUB 1 1\r\nPUB nobody r 0\r\n\r\nPUB nobody r 0\r\n\r\n',
  ),
  single('nobody but oneself, who does not want its own', 'SUB r 1\r\nSUB a 2\r\nPUB a r 0\r\n\r\n', NO_ECHO),
  single(
    'nobody responds to who did not ask for it',
    'SUB r 1\r\nPUB nobody r 0\r\n\r\n',
    'CONNECT {"verbose":false,"headers":true}\r\n',
  ),
  single('headers', `SUB a 1\r\nHPUB a 18 23\r\n${HEADED}hello\r\nHPUB a r 18 18\r\n${HEADED}\r\n`),
  single(
    'bytes that are no headers are passed on',
    'SUB a 1\r\nHPUB a 3 5\r\nabcde\r\nHPUB a 5 5\r\nabcde\r\nHPUB a 0 1\r\nx\r\n',
  ),
  {
    title: 'a client without headers gets the message without them',
    steps: [
      ['old', 'CONNECT {"verbose":false}\r\nSUB a 1\r\n'],
      [
        'new',
        `${SAID}SUB a 1\r\nHPUB a 18 23\r\n${HEADED}hello\r\nHPUB a r 18 18\r\n${HEADED}\r\nPUB a 1\r\nx\r\n`,
      ],
    ],
  },
  {
    title: 'bytes of all values and a large payload arrive as they were',
    steps: [
      ['a', `${SAID}SUB a 1\r\n`],
      [
        'b',
        `${SAID}PUB a 256\r\n${Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1')}\r\n`,
      ],
      [
        'b',
        [`PUB a 1048576\r\n${'0123456789abcdef'.repeat(32_768)}`, `${'fedcba9876543210'.repeat(32_768)}\r\n`],
      ],
    ],
  },
  {
    title: 'many small messages in one piece',
    steps: [
      ['a', `${SAID}SUB a.> 1\r\n`],
      [
        'b',
        `${SAID}${Array.from({ length: 500 }, (_, index) => `PUB a.${index % 7} ${String(index).length}\r\n${index}\r\n`).join('')}`,
      ],
    ],
  },
  {
    title: 'who has left gets nothing',
    steps: [
      ['a', `${SAID}SUB a 1\r\nPUX`],
      ['b', `${SAID}SUB r 1\r\nPUB a r 0\r\n\r\n`],
    ],
  },
];

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
