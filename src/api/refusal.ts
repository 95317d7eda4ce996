import type { ServerResponse } from 'node:http';
import type { ApiFault, FaultCode } from '../contract/faults.ts';
import { OperationError, type OperationErrorCode } from '../contract/operation-error.ts';
import type { HttpRefusal } from '../lib/http-guard.ts';
import { endEarly } from '../lib/http-service.ts';

/** Why a request to the API is not served; `field` names the query value or the part of the body that is wrong. */
export interface ApiRefusal extends HttpRefusal {
  readonly code?: FaultCode;
  readonly field?: string;
}

/** Ends the handling of a request with a refusal; never leaves this folder. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly refusal: ApiRefusal;

  constructor(refusal: ApiRefusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

/** A refusal of a wrong value, with the place where it is. */
export function badValue(field: string, reason: string): RefusedError {
  return new RefusedError({ status: 400, reason, field });
}

/** Answers what is wrong with a request, by an error of an operation or of the handling; throws a fault of the node. */
export function refuseOrThrow(response: ServerResponse, error: unknown): void {
  if (error instanceof RefusedError) return refuse(response, error.refusal);
  if (!(error instanceof OperationError)) throw error;
  const { code, message: reason, field } = error;
  refuse(response, { status: STATUS_OF[code], code, reason, field });
}

/** Answers with `{"error": {...}}`. */
export function refuse(response: ServerResponse, refusal: ApiRefusal): void {
  const { status, reason: message, field } = refusal;
  const code = refusal.code ?? CODE_OF[status] ?? (status < 500 ? 'bad-request' : 'failed');
  const fault: ApiFault = { error: { code, message, field } };
  endEarly(response, refusal, { type: 'application/json', text: `${JSON.stringify(fault)}\n` });
}

const STATUS_OF: Readonly<Record<OperationErrorCode, number>> = {
  'not-found': 404,
  'bad-request': 400,
  busy: 503,
  forbidden: 403,
  unauthorized: 401,
};

const CODE_OF: Readonly<Record<number, FaultCode>> = {
  401: 'unauthorized',
  403: 'forbidden',
  404: 'no-such-path',
  405: 'wrong-method',
  408: 'too-slow',
  413: 'too-large',
  415: 'wrong-type',
  503: 'busy',
};
