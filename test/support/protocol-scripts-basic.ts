import { as, PEDANTIC, type Script, single, VERBOSE } from './protocol-script.ts';

/** Lines, frames and what may be wrong with them. */
export const LINES: readonly Script[] = [
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

/** What clients say of themselves. */
export const CONNECTS: readonly Script[] = [
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

/** Subjects and wildcards. */
export const SUBJECTS: readonly Script[] = [
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
