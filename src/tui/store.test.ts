import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disposeAfter } from '../../test/support/dispose-after.ts';
import { startFakeApi } from '../../test/support/fake-api.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { openTemplates } from './effects/templates.ts';
import { outputLines } from './state/output-text.ts';
import { shownRequests } from './state/request-list.ts';
import { currentScreen, firstState } from './state/state.ts';
import { Store } from './store.ts';

/** A store without a terminal, for a node that is held in memory. */
async function startStore(scope: Parameters<typeof startFakeApi>[0]) {
  const fake = await startFakeApi(scope);
  const outside: string[] = [];
  const state = firstState({
    size: { columns: 80, rows: 24 },
    now: Date.now(),
    templatesFolder: fake.folder,
  });
  const templates = openTemplates(fake.folder);
  const deps = { api: fake.client, templates, now: Date.now, outside: (what: string) => outside.push(what) };
  const store = disposeAfter(scope, new Store(state, deps));
  const press = (...keys: string[]) => {
    for (const key of keys) {
      store.dispatch({ type: 'key', press: { key, text: [...key].length === 1 ? key : null } });
    }
  };
  await waitFor('the nodes', () => store.state.nodes !== null && store.state.methods.length > 0);
  return { ...fake, node: fake.desk, store, press, outside };
}

test('a message that is made in the form runs before the eyes of its sender', async (t) => {
  const { node, store, press } = await startStore(t);
  press('down', 'n', 'enter', 'enter');
  press(...'uptime');
  await waitFor('the node to be asked about it', () => {
    const screen = currentScreen(store.state);
    return screen.kind === 'form' && screen.checked !== null;
  });
  press('ctrl+s');
  const request = await waitFor('the request in its batch', () => {
    const screen = currentScreen(store.state);
    return screen.kind === 'requests' && shownRequests(store.state, screen)[0];
  });
  node.move(request.id, 'running');
  press('enter');
  const screen = () => {
    const shown = currentScreen(store.state);
    return shown.kind === 'request' ? shown : undefined;
  };
  await waitFor('the request to be seen running', () => screen()?.detail?.state === 'running');
  await waitFor('its output to be followed', () => node.listenerCount === 2);
  node.print(request.id, 'up 3 days\n');
  await waitFor('its output', () => outputLines(screen()!.stdout).join() === 'up 3 days');
  node.move(request.id, 'succeeded', { exitCode: 0 });
  await waitFor('its end', () => screen()?.detail?.state === 'succeeded');
  await waitFor('its output not to be followed any more', () => node.listenerCount === 1);
});

test('a store that is ended follows nothing any more and takes nothing in', async (t) => {
  const { node, store, press, outside } = await startStore(t);
  press('ctrl+c');
  assert.deepEqual(outside, ['quit']);
  await store[Symbol.asyncDispose]();
  await waitFor('nobody to listen', () => node.listenerCount === 0);
  const { state } = store;
  press('2');
  assert.equal(store.state, state);
});

test('on the page of a batch the same answers stand together, with how others differ', async (t) => {
  const { node, store, press } = await startStore(t);
  const message = { toNodes: ['ship1', 'ship2'], method: 'REQCliCommand', methodArgs: ['uname', '-r'] };
  const { batch, accepted } = await node.submit(Buffer.from(JSON.stringify([message])), {});
  for (const [index, { id }] of accepted.entries()) {
    node.print(id, index === 0 ? '5.10\n' : '6.1\n');
    node.move(id, 'succeeded', { exitCode: 0 });
  }
  press('3');
  await waitFor('the batch to be listed', () => {
    const { batches } = store.state.tabs;
    return batches.kind === 'batches' && batches.items?.some(({ id }) => id === batch);
  });
  press('enter');
  await waitFor('its page', () => {
    const screen = store.state.stack.at(-1);
    return screen?.kind === 'requests' && screen.batch !== null;
  });
  press('f');
  const shown = await waitFor('the answers', () => {
    const { overlay } = store.state;
    return overlay?.kind === 'question' ? overlay.lines : undefined;
  });
  assert.deepEqual(shown, [
    '1 node, exit code 0: ship1',
    '  5.10',
    '1 node, exit code 0: ship2',
    '  -5.10',
    '  +6.1',
  ]);
});
