import { hostname } from 'node:os';
import type { Config } from '../config/config.ts';
import { isLoopback } from '../lib/is-loopback.ts';

/** Addresses that stand for all of the machine's. */
const ANYWHERE: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

/** Where a link leads: as the configuration has it, or by the certificate's name, or by that of the machine. */
export function webOriginOf(
  { webListener, webTls, webProxy, webOrigin }: Config,
  { port, names: [name] }: { readonly port: number; readonly names: readonly string[] },
): string {
  // Behind a proxy it signs people in; a link is for those who come without it.
  if (webOrigin !== undefined && webProxy === undefined) return webOrigin;
  const { host = '' } = webListener ?? {};
  const here = isLoopback(host) ? 'localhost' : ANYWHERE.has(host) ? hostname() : host;
  const bracketed = here.includes(':') ? `[${here}]` : here;
  return webTls ? `https://${name ?? bracketed}:${port}` : `http://${bracketed}:${port}`;
}
