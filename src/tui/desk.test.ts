import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disposeAfter } from '../../test/support/dispose-after.ts';
import { startFakeApi } from '../../test/support/fake-api.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { Desk } from './desk.ts';
import { openTemplates } from './effects/templates.ts';
import { outputLines } from './state/output-text.ts';
import { shownRequests } from './state/request-list.ts';
import { currentScreen, firstState } from './state/state.ts';

/** A desk without a terminal, beside a node that is held in memory. */
async function startDesk(scope: Parameters<typeof startFakeApi>[0]) {
  const fake = await startFakeApi(scope);
  const outside: string[] = [];
  const state = firstState({
    size: { columns: 80, rows: 24 },
    now: Date.now(),
    templatesFolder: fake.folder,
  });
  const templates = openTemplates(fake.folder);
  const deps = { api: fake.client, templates, now: Date.now, outside: (what: string) => outside.push(what) };
  const desk = disposeAfter(scope, new Desk(state, deps));
  const press = (...keys: string[]) => {
    for (const key of keys) {
      desk.dispatch({ type: 'key', press: { key, text: [...key].length === 1 ? key : null } });
    }
  };
  await waitFor('the nodes', () => desk.state.nodes !== null && desk.state.methods.length > 0);
  return { ...fake, node: fake.desk, desk, press, outside };
}

test('a message that is made in the form runs before the eyes of its sender', async (t) => {
  const { node, desk, press } = await startDesk(t);
  press('down', 'n', 'enter', 'enter');
  press(...'uptime');
  await waitFor('the node to be asked about it', () => {
    const screen = currentScreen(desk.state);
    return screen.kind === 'form' && screen.checked !== null;
  });
  press('ctrl+s');
  const request = await waitFor('the request in its batch', () => {
    const screen = currentScreen(desk.state);
    return screen.kind === 'requests' && shownRequests(desk.state, screen)[0];
  });
  node.move(request.id, 'running');
  press('enter');
  const screen = () => {
    const shown = currentScreen(desk.state);
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

test('a desk that is ended follows nothing any more and takes nothing in', async (t) => {
  const { node, desk, press, outside } = await startDesk(t);
  press('ctrl+c');
  assert.deepEqual(outside, ['quit']);
  await desk[Symbol.asyncDispose]();
  await waitFor('nobody to listen', () => node.listenerCount === 0);
  const { state } = desk;
  press('2');
  assert.equal(desk.state, state);
});
