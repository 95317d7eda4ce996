import type { HostAndPort } from '../lib/host-and-port.ts';
import { type HttpHandler, type HttpService, refusePlainly, startHttpService } from '../lib/http-service.ts';
import { Exposition } from './exposition.ts';
import type { Metrics } from './metrics.ts';

const PATH = '/metrics';
const LIMITS = { maxClients: 100, requestTimeoutMs: 10_000, stopTimeoutMs: 1000 };

/** Serves the metrics over HTTP, and nothing else, to everybody who reaches the address. Throws ListenError. */
export async function startMetricsServer(
  address: HostAndPort,
  { metrics, logger }: { metrics: Metrics; logger: { error(fields: object, text: string): void } },
): Promise<HttpService> {
  const exposition = new Exposition(metrics);
  const handle: HttpHandler = async (request, response) => {
    const [path] = (request.url ?? '').split('?');
    if (path !== PATH) return refusePlainly(response, { status: 404, reason: `there is only ${PATH} here` });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const headers = { Allow: 'GET, HEAD' };
      return refusePlainly(response, { status: 405, reason: 'only GET and HEAD are answered', headers });
    }
    const text = await exposition.registry.metrics();
    response.setHeader('Content-Type', exposition.registry.contentType);
    response.setHeader('Content-Length', Buffer.byteLength(text));
    response.end(request.method === 'HEAD' ? undefined : text);
  };
  const options = { ...LIMITS, address, option: '-promHostAndPort', token: '', isOpen: true };
  try {
    return await startHttpService(options, { handle, streams: exposition, logger });
  } catch (error) {
    exposition[Symbol.dispose]();
    throw error;
  }
}
