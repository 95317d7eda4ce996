import type { BrokerLimits } from './broker-options.ts';
import { type ClientOptions, readClientOptions, UNSAID } from './client-options.ts';
import { deliver, writeMessage } from './deliver.ts';
import type { Frame } from './frame.ts';
import type { ClientSocket, Hub } from './hub.ts';
import { Output } from './output.ts';
import { isOversize, oversizeOf } from './oversize.ts';
import { FAULTS, Parser, type ProtocolEvents, type ProtocolFault } from './parser.ts';
import { PendingReplies } from './pending-replies.ts';
import type { Permissions } from './permissions.ts';
import type { SignedIn } from './sign-in.ts';
import { isLiteral, isSubject, plainText } from './subject.ts';
import { ClientSubscription, SubscriptionTable } from './subscriptions.ts';

const NO_RESPONDERS = '16 16\r\nNATS/1.0 503\r\n\r\n\r\n';
/** Reply subjects that nats-server keeps for itself. */
const RESERVED_REPLY = /^_(R|GR)_\./;

/** One client, from its sign-in until its connection ends. */
export class Connection implements ProtocolEvents {
  readonly id: number;
  readonly output: Output;
  readonly socket: ClientSocket;
  readonly nonce: string;
  isOpen = true;
  readonly #hub: Hub;
  readonly #limits: BrokerLimits;
  readonly #parser: Parser;
  readonly #subscriptions: SubscriptionTable;
  readonly #openedAt: number;
  #client: ClientOptions = UNSAID;
  #signedIn: SignedIn | undefined;
  #permissions: Permissions | undefined;
  #replies: PendingReplies | undefined;
  #heardAt: number;
  #pingsOut = 0;
  #refusedSubscriptions = 0;

  constructor(socket: ClientSocket, { id, nonce }: { id: number; nonce: string }, hub: Hub) {
    this.id = id;
    this.nonce = nonce;
    this.socket = socket;
    this.#hub = hub;
    this.#limits = hub.limits;
    this.#openedAt = hub.now();
    this.#heardAt = this.#openedAt;
    this.output = new Output(socket, hub);
    this.#parser = new Parser(hub.limits, this);
    this.#subscriptions = new SubscriptionTable(hub.limits.maxSubscriptions);
    if (!hub.signIn.isRequired) this.#welcome(hub.signIn.check(UNSAID, '')!);
    socket.on('data', this.#onData);
  }

  /** The name that the client gave itself, and the user that it signed in as: for the log. */
  get label(): { client: number; name?: string; user?: string; address: string } {
    const { name } = this.#client;
    const user = this.#signedIn?.name ?? '';
    const from = `${this.socket.remoteAddress ?? '?'}:${this.socket.remotePort ?? '?'}`;
    return { client: this.id, ...(name && { name }), ...(user && { user }), address: from };
  }

  mayBegin(): boolean {
    if (this.#signedIn !== undefined) return true;
    this.#refuseSignIn();
    return false;
  }

  connect(json: Buffer): void {
    const client = readClientOptions(json, this.#client);
    if (client === undefined) return this.fail('bad-arguments');
    this.#client = client;
    if (this.#hub.signIn.isRequired || this.#signedIn === undefined) {
      const signedIn = this.#hub.signIn.check(client, this.nonce);
      if (signedIn === undefined) return this.#refuseSignIn();
      this.#welcome(signedIn);
    }
    if (client.protocol < 0 || client.protocol > 1) return this.end('invalid client protocol');
    if (client.no_responders && !client.headers) return this.end('no responders requires headers support');
    this.#hub.logger.debug(this.label, 'a client signed in');
    this.#ok();
  }

  ping(): void {
    this.output.text('PONG\r\n');
  }

  /** That it was heard is all that there is to it. */
  pong(): void {}

  subscribe(subject: string, queue: string, sid: string): void {
    // A node tries some, and tells of those that it needs.
    if (this.#permissions?.subscribe.allows(subject) === false)
      return this.#violation(subscriptionTo({ subject, queue }), 'debug');
    if (isOversize(subject, queue, sid) || !isSubject(subject)) return this.#error('Invalid Subject');
    if (this.#subscriptions.bySid.get(sid) === undefined) {
      const added = new ClientSubscription(this, { subject, queue, sid });
      if (!this.#subscriptions.add(added)) return this.#refuseSubscription();
      added.isFiltered = this.#permissions?.subscribe.deniesPartOf(subject) ?? false;
      this.#hub.router.add(added);
    }
    this.#ok();
  }

  unsubscribe(sid: string, max: number): void {
    const subscription = this.#subscriptions.bySid.get(sid);
    if (subscription !== undefined) {
      if (max > subscription.delivered) subscription.max = max;
      else this.#drop(subscription);
    }
    this.#ok();
  }

  announce(frame: Frame): boolean {
    if (frame.headerBytes >= 0 && !this.#client.headers) {
      this.fail('bad-arguments');
      return false;
    }
    if (frame.size > this.#limits.maxPayloadBytes) {
      this.end('Maximum Payload Violation');
      return false;
    }
    if (this.#client.pedantic && !isLiteral(frame.subject)) this.#error('Invalid Publish Subject');
    return true;
  }

  publish(frame: Frame): void {
    const { subject, reply } = frame;
    const oversize = oversizeOf(frame);
    if (oversize !== undefined) return this.#error(oversize);
    if (!this.#mayPublish(subject)) return this.#violation(`Publish to ${quoted(subject)}`);
    if (reply !== '' && RESERVED_REPLY.test(reply))
      return this.#violation(`Publish with Reply of ${quoted(reply)}`);
    this.#ok();
    const route = this.#hub.router.match(subject);
    const except = this.#client.echo ? undefined : this;
    if (!deliver(frame, route, except) && reply !== '' && this.#client.no_responders)
      this.#tellNoResponders(reply);
  }

  fail(fault: ProtocolFault): void {
    this.#hub.logger.warn({ ...this.label, fault }, 'a client broke the protocol and is cut off');
    this.end(FAULTS[fault]);
  }

  /** Takes a message for one of its subscriptions; false where it must not have it. */
  receive(subscription: ClientSubscription, frame: Frame, subject: string): boolean {
    if (subscription.isEnded) return false;
    if (subscription.isFiltered && this.#permissions?.canReceive(subject) === false) return false;
    subscription.delivered += 1;
    if (subscription.delivered === subscription.max) this.#drop(subscription);
    if (frame.reply !== '') this.#replies?.note(frame.reply, this.#hub.now());
    writeMessage(this.output, { subscription, frame, subject, takesHeaders: this.#client.headers });
    if (this.output.pendingBytes > this.#limits.maxPendingBytes) this.cutOff('Slow Consumer');
    else this.#hub.relieve();
    return true;
  }

  /** Looks whether it is still let in, and what it may do, after the users were replaced. */
  recheck(): void {
    if (this.#signedIn === undefined || !this.isOpen) return;
    const signedIn = this.#hub.signIn.again(this.#signedIn);
    if (signedIn === undefined) return this.#refuseSignIn();
    this.#welcome(signedIn);
    for (const subscription of this.#subscriptions.bySid.values()) {
      subscription.isFiltered = this.#permissions?.subscribe.deniesPartOf(subscription.subject) ?? false;
      if (this.#permissions?.subscribe.allows(subscription.subject) !== false) continue;
      this.#drop(subscription);
      this.#violation(subscriptionTo(subscription));
    }
  }

  /** Looks after what takes too long; called about once a second. */
  check(now: number): void {
    const { signInTimeoutMs, writeTimeoutMs, pingIntervalMs, maxPingsOut } = this.#limits;
    const { writingSince } = this.output;
    if (this.#signedIn === undefined && now - this.#openedAt >= signInTimeoutMs) {
      this.end('Authentication Timeout');
    } else if (writingSince !== undefined && now - writingSince >= writeTimeoutMs) {
      this.cutOff('Slow Consumer');
    } else if (now - this.#heardAt >= pingIntervalMs * (this.#pingsOut + 1)) {
      if (this.#pingsOut >= maxPingsOut) return this.end('Stale Connection');
      this.#pingsOut += 1;
      this.output.text('PING\r\n');
    }
  }

  /** Ends the connection, with an error that the client still gets; '' = without a word. */
  end(error: string): void {
    if (!this.isOpen) return;
    if (error !== '') this.output.text(`-ERR '${error}'\r\n`);
    this.#hub.logger.info({ ...this.label, ...(error && { error }) }, 'a connection was ended');
    this.#stop();
    this.#hub.endWhenWritten(this);
  }

  /** Ends the connection of a client that does not read: what waits for it is given up. */
  cutOff(reason: string): void {
    if (!this.isOpen) return;
    const { pendingBytes } = this.output;
    this.#hub.logger.warn(
      { ...this.label, reason, pendingBytes },
      'a client reads too slowly and is cut off',
    );
    this.#stop();
    this.output.close();
    this.socket.destroy();
  }

  /** Takes nothing more from the client; what waits for it is still written. */
  drain(): void {
    if (!this.isOpen) return;
    this.#stop();
    this.#hub.endWhenWritten(this);
  }

  /** Called when the socket has closed. */
  closed(): void {
    if (this.isOpen) this.#hub.logger.debug(this.label, 'a client left');
    this.#stop();
    this.output.close();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.isOpen) return;
    this.#heardAt = this.#hub.now();
    this.#pingsOut = 0;
    this.#parser.feed(chunk);
    // Answers to the client itself wait too, where it does not read them.
    if (this.output.pendingBytes > this.#limits.maxPendingBytes) this.cutOff('Slow Consumer');
  };

  #welcome(signedIn: SignedIn): void {
    this.#signedIn = signedIn;
    this.#hub.welcomed(this, signedIn);
    this.#permissions = signedIn.permissions;
    const rules = signedIn.permissions?.responses;
    this.#replies = rules && new PendingReplies(rules);
  }

  #refuseSignIn(): void {
    const { user, nkey } = this.#client;
    this.#hub.logger.warn(
      { ...this.label, ...(user && { user }), ...(nkey && { nkey }) },
      'a sign-in was refused',
    );
    this.end('Authorization Violation');
  }

  #mayPublish(subject: string): boolean {
    if (this.#permissions === undefined || this.#permissions.publish.allows(subject)) return true;
    return this.#replies?.take(subject, this.#hub.now()) ?? false;
  }

  /** Tells the client itself, on its own subscription, that nobody gets what it asked. */
  #tellNoResponders(reply: string): void {
    const own = this.#hub.router.match(reply).plain.find(({ owner }) => owner === this);
    if (own !== undefined) this.output.text(`HMSG ${reply} ${own.sid} ${NO_RESPONDERS}`);
  }

  #refuseSubscription(): void {
    this.#refusedSubscriptions += 1;
    // Who goes on and on is not a client that was built that way.
    if (this.#refusedSubscriptions > this.#limits.maxSubscriptions) {
      return this.end('maximum subscriptions exceeded');
    }
    this.#error('maximum subscriptions exceeded');
  }

  #drop(subscription: ClientSubscription): void {
    subscription.isEnded = true;
    this.#subscriptions.delete(subscription);
    this.#hub.router.remove(subscription);
  }

  #violation(what: string, level: 'debug' | 'warn' = 'warn'): void {
    this.#hub.logger[level]({ ...this.label, refused: plainText(what) }, 'a client lacks a permission');
    this.#error(`Permissions Violation for ${what}`);
  }

  #error(text: string): void {
    this.output.text(`-ERR '${text}'\r\n`);
  }

  #ok(): void {
    if (this.#client.verbose && this.isOpen) this.output.text('+OK\r\n');
  }

  #stop(): void {
    this.isOpen = false;
    for (const subscription of this.#subscriptions.bySid.values()) this.#drop(subscription);
  }
}

function subscriptionTo({ subject, queue }: { readonly subject: string; readonly queue: string }): string {
  return `Subscription to ${quoted(subject)}${queue && ` using queue ${quoted(queue)}`}`;
}

function quoted(subject: string): string {
  return `"${subject}"`;
}
