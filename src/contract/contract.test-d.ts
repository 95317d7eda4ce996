import type { BatchSummary } from './batch-summary.ts';
import type { Operations } from './contract.ts';
import type { ApiEvent, EventFilter } from './events.ts';
import type { ApiFault, FaultCode } from './faults.ts';
import type { NodeSummary, Presence, StatusAnswer, TargetAnswer } from './nodes.ts';
import type { Page, RequestDetail, RequestSummary, SubmissionAnswer } from './requests.ts';
import { choice, list, object, orNull, text, type Value } from './schema.ts';
import type { RequestState } from './states.ts';

// Checked by tsc alone: each line is refused where the contract means another type.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <_ extends true>(): void => {};

// What schemas describe, down to optional and readonly properties.
const schema = object({ a: text, b: orNull(list(choice('x', 'y'))) }, { c: text });
is<
  Same<
    Value<typeof schema>,
    { readonly a: string; readonly b: readonly ('x' | 'y')[] | null; readonly c?: string }
  >
>();

// The types of messages.
is<Same<Presence, 'here' | 'away' | 'unknown'>>();
is<Same<RequestSummary['state'], RequestState>>();
is<Same<RequestSummary['tookMs'], number | null>>();
is<Same<RequestDetail['message'], Readonly<Record<string, unknown>> | null>>();
is<Same<RequestDetail['timeline'][number]['there'], number | null>>();
is<Same<NodeSummary['labels'], Readonly<Record<string, string>>>>();
is<Same<BatchSummary['counts'], { readonly [S in RequestState]?: number }>>();
is<Same<BatchSummary['plan'], unknown>>();
is<Same<SubmissionAnswer['batch'], string | undefined>>();
is<
  Same<
    StatusAnswer['broker'],
    { readonly isConnected: boolean; readonly address: string; readonly fault: string | null }
  >
>();
is<Same<TargetAnswer['unknown'][number]['name'], string | undefined>>();
is<Same<ApiEvent['type'], 'hello' | 'requests' | 'many' | 'output' | 'nodes' | 'errors'>>();
is<Same<Extract<ApiEvent, { type: 'many' }>, { readonly type: 'many'; readonly count: number }>>();
is<Same<NonNullable<EventFilter['type']>[number], ApiEvent['type']>>();
is<Same<ApiFault['error']['code'], FaultCode>>();

// What a node implements: id, body and query, as far as an operation has them, and who asks.
is<Same<Parameters<Operations['status']>, [by?: string]>>();
is<Same<Parameters<Operations['request']>, [id: string, by?: string]>>();
is<Same<Parameters<Operations['planBatch']>, [id: string, body: unknown, by?: string]>>();
is<Same<Parameters<Operations['targets']>, [body: { readonly targets: readonly string[] }, by?: string]>>();
is<Same<Parameters<Operations['submit']>[0], Uint8Array>>();
is<Same<ReturnType<Operations['output']>, Promise<Uint8Array>>>();
is<Same<ReturnType<Operations['planBatch']>, Promise<void>>>();
is<Same<Awaited<ReturnType<Operations['requests']>>, Page<RequestSummary>>>();
