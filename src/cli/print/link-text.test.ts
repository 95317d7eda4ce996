import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkAnswer } from '../../contract/link.ts';
import { linkText } from './link-text.ts';
import { widthOf } from './text-width.ts';

const LINK: LinkAnswer = {
  ...{ day: '2026-03-01', inBytes: 1_200_000, outBytes: 34_000_000 },
  sent: { urgent: 12_000, normal: 2_000_000, bulk: 30_500_000 },
  broker: { bytesPerSecond: 6100, wasFull: true, roundTripMs: 610 },
  budget: null,
  hello: { everySeconds: 900, bytesADay: 79_800 },
  nodes: [
    {
      ...{ node: 'central', presence: 'here', bytesPerSecond: 6100, wasFull: true, roundTripMs: 612 },
      ...{ queued: 120, queuedBytes: 1_500_000, emptyInMs: 246_000, budget: null, waitsFor: null },
    },
    {
      ...{ node: 'ship-with-a-long-name-1', presence: 'away', bytesPerSecond: 900, wasFull: false },
      ...{ roundTripMs: null, queued: 1, queuedBytes: 10, emptyInMs: null, budget: null, waitsFor: null },
    },
  ],
};

function textAt(columns: number, link = LINK): string {
  const terminal = { columns, isTerminal: true, style: (_: unknown, text: string) => text } as Parameters<
    typeof linkText
  >[2];
  return linkText(link, link.nodes, terminal);
}

test('the link is shown in sentences and a table', () => {
  assert.equal(
    textAt(200),
    `today, 2026-03-01: 1.2 MB in, 34.0 MB out; messages among that: urgent 12.0 kB, normal 2.0 MB, bulk 30.5 MB
to the broker: 6.1 kB/s, round trip 610 ms
hellos: one every 15 min, 79.8 kB a day

NODE                     PRESENCE        RATE  ROUND TRIP  QUEUED    SIZE   EMPTY IN
central                  here        6.1 kB/s      612 ms     120  1.5 MB  4 min 6 s
ship-with-a-long-name-1  away      >= 900 B/s           -       1    10 B          -
`,
  );
});

test('no line is wider than a terminal of 60 or 80 columns, and name, rate and end of the queue stay', () => {
  for (const columns of [60, 80]) {
    const text = textAt(columns);
    for (const line of text.split('\n')) assert.ok(widthOf(line) <= columns, `${columns}: ${line}`);
    assert.match(text, /^central .* 6\.1 kB\/s .*4 min 6 s$/m);
  }
});

test('what is not known is said, or left open', () => {
  const nothing = { bytesPerSecond: null, wasFull: false, roundTripMs: null };
  const text = textAt(80, { ...LINK, broker: nothing, hello: null, nodes: [] });
  assert.match(text, /^to the broker: not measured yet$/m);
  assert.match(text, /^hellos: none\nnothing was sent to another node lately, and nothing waits\n$/m);
});
