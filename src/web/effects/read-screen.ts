import type { Route } from '../state/route.ts';
import type { ScreenData } from '../state/state.ts';
import { readAnswers } from './read-answers.ts';
import type { WebApi } from './web-api.ts';

const FEW = 10;
const PAGE = 100;
/** Lines of errors that are grouped: a few on the first screen, more on their own. */
const SOME_ERRORS = 200;
const MANY_ERRORS = 2000;
/** How many days of the link are shown. */
const LINK_DAYS = 14;
/** Queues come whole; more rows than this nobody reads. */
const MOST_QUEUES = 1000;

/** Reads what a screen shows. Throws WebError. */
export async function readScreen(route: Route, api: WebApi): Promise<ScreenData> {
  switch (route.screen) {
    case 'now': {
      const [status, failed, waiting, away, late, errors] = await Promise.all([
        api.status(),
        api.requests({ state: ['failed', 'timed-out', 'interrupted', 'rejected'], limit: FEW }),
        api.requests({ state: ['queued', 'sent'], limit: FEW }),
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
      const { state, cursor } = route;
      const page = await api.requests({ state: state && [state], cursor, limit: PAGE });
      return { screen: 'requests', page };
    }
    case 'request': {
      const detail = await api.request(route.id);
      const { id } = detail;
      const [stdout, stderr] = await Promise.all([
        api.output(id, { stream: 'stdout' }),
        api.output(id, { stream: 'stderr' }),
      ]);
      return { screen: 'request', detail, stdout, stderr };
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
      return { screen: 'run', methods: await api.methods() };
    case 'batches':
      return { screen: 'batches', page: await api.batches({ cursor: route.cursor, limit: PAGE }) };
    case 'batch': {
      const batch = await api.batch(route.id, { plan: false });
      const requests = await api.requests({ batch: batch.id, cursor: route.cursor, limit: PAGE });
      return { screen: 'batch', batch, requests, answers: await readAnswers(requests.items, api) };
    }
  }
}

async function readNode(name: string, api: WebApi): Promise<ScreenData> {
  const [{ items, details = [] }, days, changes, requests] = await Promise.all([
    api.nodePage({ target: name, limit: 1, details: true }),
    api.linkDays({ node: name, days: LINK_DAYS }),
    api.presence(name),
    api.requests({ node: [name], limit: PAGE }),
  ]);
  return { screen: 'node', node: items[0]!, detail: details[0], days, changes, requests };
}

async function readQueues(api: WebApi): Promise<ScreenData> {
  const [queues, link, days] = await Promise.all([
    api.queues(),
    api.link(),
    api.linkDays({ days: LINK_DAYS }),
  ]);
  const nodes = link.nodes.slice(0, MOST_QUEUES);
  return { screen: 'queues', queues: queues.slice(0, MOST_QUEUES), link: { ...link, nodes }, days };
}
