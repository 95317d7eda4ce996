import type { Frame } from './frame.ts';
import type { Output } from './output.ts';
import type { Route } from './router.ts';
import type { ClientSubscription, Receiver } from './subscriptions.ts';

/**
 * Hands a message to each subscription of its route, and to one of each queue group, except to those of a client that
 * does not want its own. Whether anybody got it.
 */
export function deliver(
  frame: Frame,
  { subject, plain, groups }: Route<ClientSubscription>,
  except: Receiver | undefined,
): boolean {
  let isDelivered = false;
  for (const subscription of plain) {
    if (subscription.owner !== except && subscription.owner.receive(subscription, frame, subject))
      isDelivered = true;
  }
  for (const group of groups) {
    const first = Math.floor(Math.random() * group.length);
    for (let index = 0; index < group.length; index += 1) {
      const member = group[(first + index) % group.length]!;
      if (member.owner === except || !member.owner.receive(member, frame, subject)) continue;
      isDelivered = true;
      break;
    }
  }
  return isDelivered;
}

interface Delivery {
  readonly subscription: ClientSubscription;
  readonly frame: Frame;
  readonly subject: string;
  /** Whether the client can read headers; one that cannot gets the message without. */
  readonly takesHeaders: boolean;
}

/** Writes a message as MSG or HMSG: what PUB and MSG have in common is copied as it came. */
export function writeMessage(output: Output, delivery: Delivery): void {
  const { subscription, frame, subject, takesHeaders } = delivery;
  const isHeaded = frame.headerBytes >= 0;
  const hasHeaders = isHeaded && takesHeaders;
  const head = subscription.head(subject, hasHeaders);
  if (frame.tailStart >= 0 && hasHeaders === isHeaded) {
    output.frame(head, frame.buffer, frame.tailStart, frame.end);
    return;
  }
  const skipped = hasHeaders || !isHeaded ? 0 : frame.headerBytes;
  const sizes = hasHeaders ? `${frame.headerBytes} ${frame.size}` : `${frame.size - skipped}`;
  const rest = Buffer.from(`${frame.reply}${frame.reply && ' '}${sizes}\r\n`, 'latin1');
  const payload = frame.buffer.subarray(frame.payloadStart + skipped, frame.payloadEnd);
  output.payload(Buffer.concat([head, rest]), payload);
}
