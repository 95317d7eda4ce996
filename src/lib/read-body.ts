import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ByteBudget } from './byte-budget.ts';
import { ByteCollector } from './byte-collector.ts';
import type { HttpRefusal } from './http-guard.ts';

export interface BodyLimits {
  readonly maxBytes: number;
  /** How long a body may be silent, ms. */
  readonly idleTimeoutMs: number;
}

/** A body that came whole, a refusal, or the end of a client that left. */
export type Body = { readonly bytes: Uint8Array } | HttpRefusal | 'gone';

/** The body of a request, held in the budget until `release` is called. */
export interface HeldBody {
  readonly body: Body;
  release(): void;
}

/** Reads the body of a request, within limits; asks for it first where the client waits to be asked. */
export async function readBody(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  limits: BodyLimits,
  budget: ByteBudget,
): Promise<HeldBody> {
  const held = { bytes: 0 };
  const release = () => {
    budget.release(held.bytes);
    held.bytes = 0;
  };
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limits.maxBytes) return { body: tooLarge(limits), release };
  if (request.headers.expect !== undefined) response.writeContinue();
  const body = await collect(request, limits, (count) => {
    if (!budget.hold(count)) return false;
    held.bytes += count;
    return true;
  });
  return { body, release };
}

function collect(
  request: IncomingMessage,
  limits: BodyLimits,
  hold: (bytes: number) => boolean,
): Promise<Body> {
  const collector = new ByteCollector();
  const { promise, resolve } = Promise.withResolvers<Body>();
  const timer = setTimeout(() => resolve(silent(limits)), limits.idleTimeoutMs);
  const onData = (piece: Buffer) => {
    timer.refresh();
    if (collector.length + piece.length > limits.maxBytes) return resolve(tooLarge(limits));
    if (!hold(piece.length)) return resolve(BUSY);
    collector.append(piece);
  };
  const onEnd = () => resolve({ bytes: collector.take() });
  const onClose = () => resolve('gone');
  request.on('data', onData).on('end', onEnd).on('close', onClose);
  return promise.finally(() => {
    clearTimeout(timer);
    request.off('data', onData).off('end', onEnd).off('close', onClose);
  });
}

function tooLarge({ maxBytes }: BodyLimits): HttpRefusal {
  return { status: 413, reason: `the body may have ${maxBytes} bytes at most, and this one has more` };
}

function silent({ idleTimeoutMs }: BodyLimits): HttpRefusal {
  return { status: 408, reason: `the input ended too early: nothing came for ${idleTimeoutMs / 1000} s` };
}

const BUSY: HttpRefusal = {
  status: 503,
  reason: 'too much is being submitted at once: try again later',
  headers: { 'Retry-After': '5' },
};
