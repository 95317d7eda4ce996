import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNode, METHODS, StateWalk } from '../../../test/support/store-states.ts';
import { type FormScreen, formOf, formResult, targetsOf } from './form.ts';
import { currentScreen, type State } from './state.ts';

const formIn = (state: State): FormScreen => {
  const screen = currentScreen(state);
  assert.equal(screen.kind, 'form');
  return screen as FormScreen;
};
const messageIn = (state: State) => formResult(formIn(state), METHODS).messages[0];
const found = (...names: string[]) => ({ nodes: names.map((name) => aNode(name)), unknown: [] });

/** A form whose method and targets are given. */
function filled(method: string, ...names: string[]): StateWalk {
  const walk = new StateWalk().press('down', 'n').press('enter').type(method).press('enter');
  walk.act({ type: 'targets', uid: formIn(walk.state).uid, answer: found(...names) });
  return walk;
}

test("a form asks for the method's own arguments and makes the message of them", () => {
  const walk = filled('clicommand', 'ship1').type('bash').press('tab').type(`-c 'echo "a b"'`);
  assert.deepEqual(messageIn(walk.state), {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', 'echo "a b"'],
    output: 'live',
  });
  const append = filled('append', 'ship1', 'ship2').type('line').press('ctrl+j').press('enter').type('x.log');
  assert.deepEqual(messageIn(append.state), {
    toNodes: ['ship1', 'ship2'],
    method: 'REQToFileAppend',
    data: ['line\n'],
    fileName: 'x.log',
  });
});

test('while typing, the node is asked whether it would take the message, once nothing is missing', () => {
  const walk = filled('clicommand', 'ship1');
  walk.took('check');
  walk.press('tab', 'shift+tab');
  assert.deepEqual(walk.took('check'), []);
  walk.type('id');
  assert.equal(walk.took('check').length, 2);
  const refused = [{ index: 0, field: 'methodArgs', reason: 'no such thing' }];
  const { uid } = formIn(walk.state);
  walk.act({ type: 'checked', uid, answer: { accepted: [], refused, warnings: [] } }).press('ctrl+s');
  assert.deepEqual(walk.took('submit'), []);
  assert.equal(walk.state.notice?.text, 'no such thing');
});

test('what is missing is said instead of sent, and the field gets the keys', () => {
  const walk = filled('append', 'ship1').press('tab', 'tab', 'ctrl+s');
  assert.deepEqual(walk.took('submit'), []);
  assert.equal(walk.state.notice?.text, 'data: is needed');
  assert.equal(formIn(walk.state).focus, 'data');
  const number = filled('ping', 'ship1');
  while (formIn(number.state).focus !== 'expiresIn') number.press('tab');
  number.type('soon').press('ctrl+s');
  assert.equal(number.state.notice?.text, 'expiresIn: is a whole number');
});

test('one node gets the message at once; before several get it, or one that nobody knows, is asked', () => {
  const one = filled('ping', 'ship1').press('ctrl+s');
  assert.deepEqual(one.took('submit')[0]?.messages, [{ toNode: 'ship1', method: 'REQPing' }]);
  one.press('ctrl+s');
  assert.deepEqual(one.took('submit'), [], 'once');

  const two = filled('ping', 'ship1', 'ship2').press('ctrl+s');
  assert.deepEqual(two.took('submit'), []);
  two.press('enter');
  assert.equal(two.took('submit').length, 1);

  const strange = filled('ping');
  const unknown = [{ target: 'ship9', reason: 'no node ship9 is known' }];
  strange
    .act({ type: 'targets', uid: formIn(strange.state).uid, answer: { nodes: [], unknown } })
    .press('ctrl+s');
  const { overlay } = strange.state;
  assert.ok(overlay?.kind === 'question' && overlay.lines.includes('not known here: ship9'));
  strange.press('enter');
  assert.deepEqual(strange.took('submit')[0]?.messages, [{ toNode: 'ship9', method: 'REQPing' }]);
});

test('a target that cannot be a name and means nobody keeps the message from being sent', () => {
  const walk = filled('ping');
  const unknown = [{ target: '@crew', reason: 'there is no group crew' }];
  walk.act({ type: 'targets', uid: formIn(walk.state).uid, answer: { nodes: [], unknown } }).press('ctrl+s');
  assert.deepEqual(walk.took('submit'), []);
  assert.equal(walk.state.notice?.text, 'to: there is no group crew');
});

test('what was accepted is shown as its batch, and what was refused stays in the form', () => {
  const walk = filled('ping', 'ship1').press('ctrl+s');
  const { uid } = formIn(walk.state);
  const refused = [{ index: 0, field: 'toNode', reason: 'the disk is full' }];
  walk.act({ type: 'submitted', uid, label: 'x', answer: { accepted: [], refused, warnings: [] } });
  assert.equal(formIn(walk.state).isSending, false);
  assert.equal(walk.state.notice?.text, 'the disk is full');
  const accepted = [{ index: 0, toNode: 'ship1', id: 'i' }];
  walk.act({
    type: 'submitted',
    uid,
    label: 'x',
    answer: { batch: 'b1', accepted, refused: [], warnings: [] },
  });
  const screen = currentScreen(walk.state);
  assert.deepEqual(screen.kind === 'requests' && screen.base, { batch: 'b1' });
  walk.press('esc');
  assert.equal(currentScreen(walk.state).kind, 'nodes', 'the form is closed');
});

test('targets are split at spaces and commas, and expressions stay together', () => {
  const targets = (text: string) =>
    targetsOf({ ...formOf(1, [{}], METHODS), values: { targets: { letters: [...text], cursor: 0 } } });
  assert.deepEqual(targets('ship1 ship*,@crew  ship2'), ['ship1', 'ship*', '@crew', 'ship2']);
  assert.deepEqual(targets('site=oslo and not tier=1, ship1'), ['site=oslo and not tier=1', 'ship1']);
  assert.deepEqual(targets('site=oslo ship1'), ['site=oslo', 'ship1']);
  assert.deepEqual(targets(' , '), []);
});

test('a template fills the form, and the form gives the template back', () => {
  const messages = [
    {
      toNodes: ['ship1', 'ship2'],
      method: 'REQCliCommand',
      methodArgs: ['bash', '-c', "it's"],
      methodTimeout: 5,
      schedule: [60, 120],
    },
    {
      toNode: 'ship1',
      method: 'REQPing',
      methodArgs: ['more', 'than known'],
      relayViaNode: 'central',
      replyMethodArgs: ['x'],
    },
    { toNode: 'ship1', method: 'REQToFileAppend', data: ['a\nb'], fileName: 'x', schedule: '30 2 * * *' },
    { toNode: 'ship1', method: 'REQToFileAppend', data: ['a', 'b'], fileName: 'x' },
  ];
  for (const message of messages) {
    const { toNode, toNodes = [toNode], ...rest } = message as { toNode?: string; toNodes?: string[] };
    const form = { ...formOf(1, [message], METHODS), found: found(...toNodes.map(String)) };
    const { toNode: _one, toNodes: _several, ...built } = formResult(form, METHODS).messages[0]!;
    assert.deepEqual(built, rest);
  }
});

test('a template of several messages is sent as it is', () => {
  const messages = [
    { toNode: 'ship1', method: 'REQPing' },
    { toNode: 'ship2', method: 'REQPing' },
  ];
  const walk = new StateWalk().press('t');
  const { uid } = currentScreen(walk.state);
  walk.act({ type: 'templates', uid, templates: [{ name: 'two', messages, fault: null }] }).press('enter');
  walk.type('xyz').press('enter', 'enter');
  assert.deepEqual(walk.took('submit')[0]?.messages, messages);
});

test('a pasted text goes into the field in one piece; line breaks stay in data only', () => {
  const walk = filled('append', 'ship1').act({ type: 'paste', text: 'one\r\ntwo\n' }).press('enter');
  walk.act({ type: 'paste', text: ' x\n.log ' });
  assert.deepEqual(messageIn(walk.state)?.data, ['one\ntwo\n']);
  assert.equal(messageIn(walk.state)?.fileName, 'x .log');
});

test('a message is saved under a name that can be a file, and never over another unasked', () => {
  const walk = filled('ping', 'ship1').press('ctrl+o', 'ctrl+u').type('../x').press('enter');
  assert.deepEqual(walk.took('save-template'), []);
  walk.press('ctrl+u').type('daily ping').press('enter');
  const [saved] = walk.took('save-template');
  assert.deepEqual([saved?.name, saved?.isReplacing], ['daily ping', false]);
  walk.act({ type: 'template-exists', name: 'daily ping', messages: saved!.messages }).press('y');
  assert.equal(walk.took('save-template')[0]?.isReplacing, true);
});

test('a template keeps targets as they were written, so that it means whoever fits when it is used', () => {
  const walk = filled('ping', 'ship1').press('up', 'up').press('ctrl+u').type('ship*');
  walk.press('ctrl+o', 'ctrl+u').type('ships').press('enter');
  const [saved] = walk.took('save-template');
  assert.deepEqual(
    saved?.messages.map((message) => (message as { toTargets?: unknown }).toTargets),
    [['ship*']],
  );
  assert.ok(!('toNodes' in saved!.messages[0]!));
  const again = formOf(1, saved!.messages as Record<string, unknown>[], METHODS);
  assert.deepEqual(targetsOf(again), ['ship*']);
  const message = { toTargets: ['site=oslo and not tier=1', 'ship1'], method: 'REQPing' };
  assert.deepEqual(targetsOf(formOf(1, [message], METHODS)), message.toTargets);
});
