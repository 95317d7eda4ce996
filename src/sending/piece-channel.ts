import type { Bus } from '../bus/bus.ts';
import type { Random } from '../lib/random.ts';
import type { Addresses } from '../link/address.ts';
import { HEADER, headerText } from '../message/codec/wire-headers.ts';
import { kindOf } from '../message/kind-of.ts';
import { subjectOf } from '../message/subject.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { type ArrivedPiece, formatPlace, type PieceAnswer, parsePlace } from '../methods/copy/piece-place.ts';
import type { OpenChannel } from '../methods/copy/piece-sender.ts';

type Publisher = Pick<Bus, 'publish'>;

const METHOD = 'REQCopyFileTo';
const STATUSES: readonly string[] = [
  'accepted',
  'gap',
  'unknown',
  'rejected',
] satisfies PieceAnswer['status'][];
/** Room for subject and headers within what the broker takes, bytes. */
const HEADER_ROOM = 2048;

/** Makes the function that opens the way for the pieces of files to a node: past the outbox, on the method's subject. */
export function createOpenChannel(
  nodeName: string,
  { bus, random, addresses }: { bus: Bus; random: Random; addresses: Pick<Addresses, 'subjectFor'> },
): OpenChannel {
  return async (toNode, onAnswer) => {
    const subject = subjectOf({ toNode, method: METHOD }, kindOf(METHOD));
    const own = `${subject}.reply.${nodeName}`;
    const token = `copy-${random.bytes(6).toString('hex')}`;
    const listening = await listen(bus, { own, shared: `${subject}.reply`, token }, onAnswer);
    return {
      maxBytes: Math.max(1024, bus.maxPayload - HEADER_ROOM),
      send: (place, bytes) => {
        const headers = { [HEADER.copy]: formatPlace(place) };
        return bus.publish(addresses.subjectFor(subject), bytes, { reply: listening.reply, headers });
      },
      [Symbol.dispose]: () => listening.subscription[Symbol.dispose](),
    };
  };
}

/** A message that is a piece of a file, as its method takes it; undefined for any other. */
export function toPiece(message: WireMessage, bus: Publisher): ArrivedPiece | undefined {
  const place = message.header(HEADER.copy);
  if (place === undefined) return undefined;
  return {
    place,
    bytes: message.payload,
    answer: ({ place, status, reason }) => {
      if (!message.reply) return;
      const headers: Record<string, string> = { [HEADER.copy]: formatPlace(place), [HEADER.status]: status };
      if (reason) headers[HEADER.reason] = headerText(reason);
      bus.publish(message.reply, '', { headers });
    },
  };
}

type OnAnswer = Parameters<OpenChannel>[1];

/** Listens under a subject of its own or, where the broker refuses that, under the one that all senders share. */
async function listen(
  bus: Bus,
  { own, shared, token }: { own: string; shared: string; token: string },
  onAnswer: OnAnswer,
): Promise<{ readonly reply: string; readonly subscription: Disposable }> {
  const reply = `${own}.${token}`;
  const subscription = bus.subscribe(`${own}.*`, (message) => {
    if (message.subject === reply) take(message, onAnswer);
  });
  try {
    await subscription.ready();
    return { reply, subscription };
  } catch {
    subscription[Symbol.dispose]();
    return { reply: shared, subscription: bus.subscribe(shared, (message) => take(message, onAnswer)) };
  }
}

function take(message: WireMessage, onAnswer: OnAnswer): void {
  if (message.noResponders) return onAnswer(undefined);
  const place = parsePlace(message.header(HEADER.copy) ?? '');
  const status = message.header(HEADER.status) ?? '';
  if (!place || !STATUSES.includes(status)) return;
  const reason = message.header(HEADER.reason);
  onAnswer({ place, status: status as PieceAnswer['status'], ...(reason ? { reason } : {}) });
}
