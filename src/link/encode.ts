import { wholeMs } from '../lib/whole-ms.ts';
import { formatLanePlace, HEADER } from '../message/codec/wire-headers.ts';
import { shortSerial } from '../message/told-output.ts';
import type { OutboundMessage, Wrapper } from './way-out.ts';

/** Writes what is said of a message into its headers. The body travels as the outbox keeps it: every node reads that. */
export function encode(): Wrapper {
  return (messages, next) =>
    next(
      messages.map((message) =>
        message.isPiece ? message : { ...message, headers: { ...message.headers, ...headersOf(message) } },
      ),
    );
}

function headersOf({
  format,
  id,
  place,
  life,
  schedule,
  output,
  priority,
  supersedes,
  end,
  told,
  re,
  asksLeft,
}: OutboundMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  if (format.serial) headers[HEADER.serial] = format.serial;
  if (id !== undefined) headers[HEADER.id] = id;
  if (place) headers[HEADER.lane] = formatLanePlace(place);
  if (life) addLife(headers, life);
  if (schedule !== null) headers[HEADER.schedule] = schedule;
  if (output !== null) headers[HEADER.output] = output;
  if (priority !== null) headers[HEADER.priority] = priority;
  if (supersedes !== null) headers[HEADER.supersedes] = supersedes;
  if (end !== undefined) headers[HEADER.end] = end;
  if (asksLeft) headers[HEADER.linkLeft] = '?';
  return told === undefined ? headers : { ...headers, ...shortHeaders({ told, re, format }) };
}

function addLife(
  headers: Record<string, string>,
  { leftMs, endsAt }: NonNullable<OutboundMessage['life']>,
): void {
  headers[HEADER.notAfter] = String(wholeMs(endsAt));
  if (leftMs !== null) headers[HEADER.left] = String(wholeMs(leftMs));
}

/** By these a reply is made whole with what its target was told of the request. */
function shortHeaders({ told, re, format }: { told: string } & Pick<OutboundMessage, 're' | 'format'>) {
  return {
    [HEADER.told]: told,
    [HEADER.serial]: shortSerial(format.serial),
    ...(re !== null && { [HEADER.re]: re }),
  };
}
