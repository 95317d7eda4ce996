import type { NodeFilePage } from '../../contract/files.ts';
import { type Outcome, type RequestState, statesIn } from '../../contract/states.ts';
import type { Route } from '../state/route.ts';
import type { ScreenData } from '../state/state.ts';
import { readAnswers } from './read-answers.ts';
import { readGoing, readOutput } from './read-output.ts';
import type { WebApi } from './web-api.ts';

const FEW = 10;
/** What needs a person: it was to be done and was not. */
const FAILED = statesIn('failed', 'timed-out', 'unreached');
const PAGE = 100;
/** Lines of errors that are grouped: a few on the first screen, more on their own. */
const SOME_ERRORS = 200;
const MANY_ERRORS = 2000;
/** How many days of the link are shown. */
const LINK_DAYS = 14;
/** The files of a node are looked for at most this often, ms. */
const FILES_EVERY_MS = 5000;
/** More rows of queues than this nobody reads. */
const MOST_QUEUES = 200;

/** The states of a group, or the one state that is named. */
function statesOf(name: RequestState | Outcome): RequestState[] {
  const group = statesIn(name as Outcome);
  return group.length > 0 ? group : [name as RequestState];
}

/** Reads what a screen shows. Throws WebError. */
export async function readScreen(route: Route, api: WebApi): Promise<ScreenData> {
  switch (route.screen) {
    case 'now': {
      const [status, failed, waiting, away, late, errors] = await Promise.all([
        api.status(),
        api.requests({ state: FAILED, limit: FEW }),
        api.requests({ state: statesOf('waiting'), limit: FEW }),
        api.nodePage({ overdue: true, sort: 'lastSeen', limit: FEW }),
        api.overdueQueues(),
        api.errors({ limit: SOME_ERRORS }),
      ]);
      const lists = { failed: failed.items, waiting: waiting.items, errors };
      return { screen: 'now', status, away, late: late.slice(0, FEW), ...lists };
    }
    case 'nodes':
      return { screen: 'nodes', page: await api.nodePage({ ...route.query, limit: PAGE, details: true }) };
    case 'node':
      return await readNode(route.name, api);
    case 'requests': {
      const { state, node, cursor } = route;
      const page = await api.requests({
        ...{ state: state && statesOf(state), node: node === undefined ? undefined : [node] },
        ...{ cursor, limit: PAGE },
      });
      return { screen: 'requests', page };
    }
    case 'request': {
      const detail = await api.request(route.id);
      return { screen: 'request', detail, ...(await readOutput(detail, api)) };
    }
    case 'files': {
      const { node, cursor } = route;
      return { screen: 'files', node, page: await api.nodeFiles(node, { cursor, limit: PAGE }) };
    }
    case 'schedules': {
      const page = await api.requests({ scheduled: true, cursor: route.cursor, limit: PAGE });
      return { screen: 'schedules', page };
    }
    case 'queues':
      return await readQueues(api);
    case 'audit':
      return { screen: 'audit', entries: await api.audit({ text: route.text, limit: PAGE }) };
    case 'errors':
      return { screen: 'errors', lines: await api.errors({ node: route.node, limit: MANY_ERRORS }) };
    case 'settings': {
      const [status, sessions, passkeys, processes] = await Promise.all([
        api.status(),
        api.sessions(),
        api.passkeys(),
        api.processes(),
      ]);
      return { screen: 'settings', status, sessions, passkeys, processes };
    }
    case 'charts':
      return { screen: 'charts', activity: await api.activity() };
    case 'run':
      return { screen: 'run', methods: await api.methods(), target: route.target };
    case 'batches':
      return { screen: 'batches', page: await api.batches({ cursor: route.cursor, limit: PAGE }) };
    case 'batch': {
      const batch = await api.batch(route.id, { plan: false });
      const requests = await api.requests({ batch: batch.id, cursor: route.cursor, limit: PAGE });
      const [answers, going] = await Promise.all([
        readAnswers(requests.items, api),
        readGoing(requests.items, api),
      ]);
      return { screen: 'batch', batch, requests, answers, going };
    }
  }
}

async function readNode(name: string, api: WebApi): Promise<ScreenData> {
  const [{ items, details = [] }, days, changes, queues, schedules, files, requests] = await Promise.all([
    api.nodePage({ target: name, limit: 1, details: true }),
    api.linkDays({ node: name, days: LINK_DAYS }),
    api.presence(name),
    api.queues({ node: name }),
    api.requests({ node: [name], scheduled: true, limit: FEW }),
    readFiles(name, api),
    api.requests({ node: [name], limit: PAGE }),
  ]);
  const known = { node: items[0]!, detail: details[0], days, changes };
  return { screen: 'node', ...known, queues, schedules, files, requests };
}

/** The files that were read last: the folder is looked through for them, which is not worth while at each change. */
let lately: { readonly name: string; readonly at: number; readonly files: Promise<NodeFilePage> } | undefined;

function readFiles(name: string, api: WebApi): Promise<NodeFilePage> {
  const now = performance.now();
  if (lately?.name === name && now - lately.at < FILES_EVERY_MS) return lately.files;
  lately = { name, at: now, files: api.nodeFiles(name, { limit: FEW }) };
  return lately.files;
}

async function readQueues(api: WebApi): Promise<ScreenData> {
  const [queues, link, days] = await Promise.all([
    api.queues({ limit: MOST_QUEUES }),
    api.link(),
    api.linkDays({ days: LINK_DAYS }),
  ]);
  const nodes = link.nodes.slice(0, MOST_QUEUES);
  return { screen: 'queues', queues, link: { ...link, nodes }, days };
}
