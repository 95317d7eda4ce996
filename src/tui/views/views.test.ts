import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNode, aRequest, StateWalk } from '../../../test/support/store-states.ts';
import { currentScreen, type State } from '../state/state.ts';
import { lineText, lineWidth } from '../text/spans.ts';
import { keysLine, tabsLine, titleLine, wordsLine } from './frame.ts';
import { listLines } from './lists.ts';
import { helpLines } from './overlays.ts';
import { columnWidths } from './table.ts';

const listText = (state: State) => {
  const screen = currentScreen(state);
  assert.ok('position' in screen);
  return listLines(state, screen).map((line) => lineText(line).trimEnd());
};

test('the list of nodes lines up whatever names and labels hold', () => {
  const nodes = [
    aNode('central'),
    aNode('船舶', {
      presence: 'away',
      lastSeenAt: null,
      queued: 12,
      labels: { site: '東京', 'bad\u001B[2J': '\u0007' },
    }),
    aNode('old', { presence: 'unknown', version: null, os: null, arch: null, running: 3 }),
  ];
  assert.deepEqual(listText(new StateWalk(nodes).state), [
    '  NODE     PRESENCE   SEEN   QUEUED  RUNS  VERSION  SYSTEM     LABELS',
    '▸ central  ● here     now         ·     ·  0.1.0    linux/x64',
    '  old      · unknown  20s         ·     3  -        -',
    '  船舶     ○ away     never      12     ·  0.1.0    linux/x64  site=東京 bad=^G',
  ]);
});

test('requests show what became of them in few words', () => {
  const walk = new StateWalk().press('2');
  const items = [
    aRequest(5, { state: 'running', startedAt: walk.state.now - 12_000, endedAt: null, exitCode: null }),
    aRequest(4, { state: 'failed', exitCode: 2, reason: null, startedAt: 0, acceptedAt: null, tookMs: 350 }),
    aRequest(3, {
      state: 'queued',
      node: 'ship2',
      exitCode: null,
      attempts: 0,
      reason: 'ship2 last seen 3 h ago',
    }),
    aRequest(2, { state: 'succeeded', tookMs: 1500, outputBytes: 2048 }),
  ];
  walk.act({ type: 'requests', uid: 2, isMore: false, page: { items, next: null } });
  assert.deepEqual(listText(walk.state), [
    '  AGE   NODE   METHOD         WHAT       STATE        TRIES  RESULT',
    '▸ 16m   ship1  REQCliCommand  uptime -p  running          1  for 12s',
    '  16m   ship1  REQCliCommand  uptime -p  failed           1  exit 2, 350ms, 12 B',
    '  16m   ship2  REQCliCommand  uptime -p  queued           ·  ship2 last seen 3 …',
    '  16m   ship1  REQCliCommand  uptime -p  succeeded        1  1.5s, 2.0 kB',
  ]);
});

test('columns that there is no room for go, those of the lowest rank first, and the rest gets what is left', () => {
  const column = (width: number | 'rest', rank?: number) => ({
    title: 'x',
    width,
    cell: () => '',
    ...(rank === undefined ? {} : { rank }),
    ...(width === 'rest' ? { limit: 10 } : {}),
  });
  const columns = [column(10), column(8, 1), column(8, 0), column('rest')];
  assert.deepEqual(columnWidths(columns, [], 60), [10, 8, 8, 28]);
  assert.deepEqual(columnWidths(columns, [], 40), [10, 8, undefined, 18]);
  assert.deepEqual(columnWidths(columns, [], 25), [10, undefined, undefined, 13]);
});

test('no line of the frame is wider than the terminal, and the keys for help and leaving are always there', () => {
  for (const columns of [60, 80, 200]) {
    const walk = new StateWalk().act({ type: 'resized', columns, rows: 24 });
    for (const tab of ['1', '2', '3', '4', '5', 't']) {
      const { state } = walk.press(tab);
      for (const line of [tabsLine(state), titleLine(state), keysLine(state)]) {
        assert.ok(lineWidth(line) <= columns, `${lineWidth(line)} of ${columns}: ${lineText(line)}`);
      }
      assert.match(lineText(keysLine(state)), /\? help {2}q (quit|back)/);
      for (const line of helpLines(state)) assert.ok(lineWidth(line) <= columns, lineText(line));
    }
  }
});

test('the line above the keys tells of a lost connection until it is back', () => {
  const walk = new StateWalk().act({ type: 'link-lost', reason: 'nobody listens' });
  assert.match(lineText(wordsLine(walk.state)), /trying again: nobody listens/);
  walk.act({ type: 'linked' });
  assert.equal(lineText(wordsLine(walk.state)).trim(), '');
});
