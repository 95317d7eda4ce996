import { HEADED, NO_ECHO, SAID, type Script, single } from './protocol-script.ts';

/** Subscriptions, how they end, and queue groups. */
export const SUBSCRIPTIONS: readonly Script[] = [
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

/** What clients send each other. */
export const EXCHANGES: readonly Script[] = [
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
