import { h, render } from 'preact';
import type { Role } from '../contract/sessions.ts';
import { checkForm, doTask } from './effects/do-task.ts';
import { findNodes, readRecent } from './effects/find-nodes.ts';
import { followChanges } from './effects/follow.ts';
import { listenForKeys } from './effects/keys.ts';
import { makePasskey, signInByPasskey } from './effects/passkeys.ts';
import { readFile } from './effects/read-file.ts';
import { readScreen } from './effects/read-screen.ts';
import { watchReading } from './effects/reading.ts';
import type { Follower } from './effects/shared-stream.ts';
import { send, WebError, webApi } from './effects/web-api.ts';
import { hashOf, routeOf, subjectOf } from './state/route.ts';
import { type Action, firstState, type State, update } from './state/state.ts';
import { TEXTS } from './texts.ts';
import { App } from './views/app.ts';
import type { Tasks } from './views/parts.ts';

const root = document.getElementById('app')!;
let state = firstState(routeOf(location.hash), Date.now());
let isDrawing = false;
let stream: Follower | undefined;
/** Whether what is shown could not be read anew when it changed. */
let isStale = false;

function dispatch(action: Action): void {
  const before = state;
  state = update(state, action);
  if (state.role && (state.role !== before.role || hashOf(state.route) !== hashOf(before.route))) show(state);
  else if (before.isHeld && !state.isHeld) void read();
  if (!state.role && stream !== undefined) endStream();
  if (isDrawing) return;
  isDrawing = true;
  queueMicrotask(() => {
    isDrawing = false;
    render(h(App, { state, dispatch, tasks }), root);
  });
}

/** Reads the screen that is shown now, and follows what it is about. */
function show({ route }: State): void {
  stream ??= followChanges({
    onChange: read,
    showsList: () => subjectOf(state.route) === undefined,
    onLink: (isLive) => {
      if (isLive !== state.isLive) dispatch({ type: 'link', isLive });
      if (isLive && isStale) void read();
    },
    onRefused: askRole,
  });
  stream.show(route.screen === 'request' || route.screen === 'batch' ? route.id : undefined);
  void read();
}

function endStream(): void {
  stream?.[Symbol.dispose]();
  stream = undefined;
}

/** Reads what is shown anew; what somebody did is shown at once, also while they read. */
async function read(isAsked = false): Promise<void> {
  const { route, isHeld } = state;
  if (isHeld) return;
  try {
    const data = await readScreen(route, webApi);
    isStale = false;
    dispatch({ type: 'read', route, data, at: Date.now(), isReading: !isAsked && isReading() });
  } catch (error) {
    isStale = true;
    failed(error);
  }
}

function failed(error: unknown): void {
  const isSignedOut = error instanceof WebError && error.status === 401;
  dispatch(isSignedOut ? { type: 'signed-out' } : { type: 'failed', reason: (error as Error).message });
}

const tasks: Tasks = {
  async answer(question) {
    try {
      dispatch({ type: 'said', text: await doTask(question, webApi) });
      if (state.isHeld) dispatch({ type: 'hold' });
      else await read(true);
    } catch (error) {
      failed(error);
    }
  },
  async check(form) {
    try {
      dispatch({ type: 'said', text: await checkForm(form, webApi) });
    } catch (error) {
      failed(error);
    }
  },
  async makePasskey(name, role) {
    try {
      const passkey = await makePasskey(name, role);
      dispatch({ type: 'said', text: TEXTS.passkeyMade(passkey.name) });
      await read(true);
    } catch (error) {
      failed(error);
    }
  },
  async signIn() {
    try {
      dispatch({ type: 'signed-in', role: await signInByPasskey() });
    } catch (error) {
      dispatch({ type: 'signed-out', reason: (error as Error).message });
    }
  },
  async preview(target) {
    const { total, presences } = await webApi.nodePage({ target, limit: 1 });
    return { total, presences };
  },
  findNodes: (text) => findNodes(text, webApi).catch(() => []),
  readFile: (node, file) => readFile(node, file, webApi),
  examine: webApi.doctor,
  groups: () => webApi.groups().then(Object.keys, () => []),
  recent: () => readRecent(webApi).catch(() => ({ requests: [], batches: [] })),
};

/** Signs in with the code of a link, which is taken out of the address, or asks whether somebody is signed in. */
async function askRole(isFirst = false): Promise<void> {
  const code = /^#in=([\w-]+)$/.exec(location.hash)?.[1];
  if (code !== undefined) history.replaceState(null, '', '#/');
  try {
    const options = code === undefined ? {} : { method: 'POST', body: code };
    const answer = await send('/session', options).catch((error) => {
      // Whom a proxy has signed in begins a session when the page is opened; one that was ended does not begin again.
      if (code !== undefined || !isFirst) throw error;
      return send('/session', { method: 'POST', body: '' });
    });
    const { role } = (await answer.json()) as { role: Role };
    dispatch({ type: 'signed-in', role });
  } catch (error) {
    if (!(error instanceof WebError) || error.status !== 401) failed(error);
    else dispatch({ type: 'signed-out', ...(code === undefined ? {} : { reason: error.message }) });
  }
}

addEventListener('hashchange', () => {
  if (location.hash.startsWith('#in=')) void askRole();
  else dispatch({ type: 'went', route: routeOf(location.hash) });
});
setInterval(() => dispatch({ type: 'tick', now: Date.now() }), 10_000);
listenForKeys(dispatch);
const isReading = watchReading(() => {
  if (state.pending !== undefined) dispatch({ type: 'show-changes' });
});
void askRole(true);
