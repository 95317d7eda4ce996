import { formatOf } from '../message/codec/body-format.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { deskReplyId } from '../message/desk-reply.ts';
import type { Message } from '../message/message.ts';
import { digestOfReply, replyDigestOf } from '../message/reply-digest.ts';
import type { SentRequest } from '../message/sent-request.ts';
import { kindOf, laneSubjectOf, parseSubject, receiverOf, subjectOf } from '../message/subject.ts';
import type { Answers } from './judge.ts';
import { type KeyedRequest, RequestIndex } from './request-index.ts';

/** What is looked up of the requests of this node. */
export interface Requests {
  sentRequest(id: string): SentRequest | undefined;
  /** Those to a subject behind a key, the newest first. */
  requestsTo(subject: string, limit: number, after: number): readonly KeyedRequest[];
}

/** How many requests for one file are looked at for one that has not ended. */
const MOST_LOOKED_AT = 100;
/** How many digests are remembered, so that the replies of one schedule or stream are looked for once. */
const KEPT_DIGESTS = 1000;
/** A request is read again for its digest up to this size, bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Knows which replies and files this node has asked for. */
export class AskedFor {
  readonly #nodeName: string;
  readonly #requests: Requests;
  readonly #digests = new Map<string, true>();
  /** For those messages that do not say to which request they belong. */
  readonly #index: RequestIndex;

  constructor(nodeName: string, requests: Requests) {
    this.#nodeName = nodeName;
    this.#requests = requests;
    this.#index = new RequestIndex(requests, marksOf);
  }

  /** Whether a reply is to a request of this node; a node of an earlier version does not say to which. */
  readonly answers = (reply: Message, sender: string, re: string | undefined): Answers => {
    const digest = digestOfReply(reply);
    if (digest === undefined) return { fault: `a reply of ${sender} does not say what it is to` };
    if (this.#isFollowed(reply, sender)) return 'request';
    return re === undefined ? this.#byDigest(reply, sender, digest) : this.#byId(re, sender, digest);
  };

  /** The request for a file that comes because this node asked the sender for it, and that has not ended. */
  readonly askedCopy = (
    { methodArgs }: Message,
    sender: string,
    re: string | undefined,
  ): Message | undefined => {
    const file = fileOf(methodArgs ?? [], re);
    const subject = subjectTo(sender, COPY);
    const requestOf = (kept: SentRequest) => (kept.subject === subject ? requestFor(kept, file) : undefined);
    if (file.node !== this.#nodeName) return undefined;
    const named = file.id === undefined ? undefined : this.#requests.sentRequest(file.id);
    if (named !== undefined) return requestOf(named);
    // A node of an earlier version says of what it sends in pieces to which request it belongs, and of nothing else.
    if (file.isInPieces) return undefined;
    for (const id of this.#index.find(subject, markOf(file)).slice(0, MOST_LOOKED_AT)) {
      const kept = this.#requests.sentRequest(id);
      const request = kept && requestOf(kept);
      if (request) return request;
    }
    return undefined;
  };

  /** The request with which this node asked the sender to relay a file, and that has not ended. */
  readonly askedRelay = (id: string, sender: string): Message | undefined => {
    const kept = this.#requests.sentRequest(id);
    const request = kept?.isOpen ? decoded(kept) : undefined;
    const isIt = request && kept?.subject === relaySubject(request.relayToNode, sender);
    return isIt ? request : undefined;
  };

  /** Whether pieces of a transfer come because this node asked the sender for the file, and that has not ended. */
  isAskedTransfer(transfer: string, sender: string): boolean {
    const kept = this.#requests.sentRequest(transfer);
    if (kept?.subject !== subjectTo(sender, COPY) || !kept.isOpen) return false;
    return isOwn(decoded(kept));
  }

  /** An original node, and one that has said nothing yet, is asked for the output that is followed here as a reply; no file comes of it. */
  #isFollowed(reply: Message, sender: string): boolean {
    const id = reply.fromNode === sender ? deskReplyId(reply) : undefined;
    const kept = id === undefined ? undefined : this.#requests.sentRequest(id);
    return kept !== undefined && receiverOf(kept.subject) === sender;
  }

  #byId(re: string, sender: string, digest: string): Answers {
    const kept = this.#requests.sentRequest(re);
    if (kept === undefined) return 'unknown';
    const receiver = receiverOf(kept.subject);
    if (receiver !== sender) return { fault: `the request ${re} was sent to ${receiver}, not to ${sender}` };
    const wanted = digestOf(kept);
    if (wanted === undefined) return 'unknown';
    return wanted === digest ? 'request' : { fault: `the request ${re} has another place for its reply` };
  }

  #byDigest({ previousMessage }: Message, sender: string, digest: string): Answers {
    const key = `${sender} ${digest}`;
    if (this.#digests.has(key)) return 'request';
    const { toNode, method } = previousMessage!;
    const subjects = [subjectTo(sender, method), relaySubject(toNode, sender)];
    if (subjects.every((subject) => this.#index.find(subject, digest).length === 0)) return 'unknown';
    if (this.#digests.size >= KEPT_DIGESTS) this.#digests.delete(this.#digests.keys().next().value!);
    this.#digests.set(key, true);
    return 'request';
  }
}

const COPY = 'REQCopyFileFrom';

/** What a REQCopyFileTo says of the file that it is about. */
interface ComingFile {
  readonly source: string | undefined;
  readonly node: string | undefined;
  /** Where it is to be written; undefined for a step that writes nothing. */
  readonly target: string | undefined;
  readonly isInPieces: boolean;
  readonly isAborted: boolean;
  /** The request that it was asked for by: a transfer has its id. */
  readonly id: string | undefined;
}

function fileOf(args: readonly string[], re: string | undefined): ComingFile {
  const [source, node, plain, step, transfer, aim] = args;
  const isInPieces = step === 'begin' || step === 'end' || step === 'abort';
  const whole = step === undefined || step === 'whole' ? plain : undefined;
  return {
    ...{ source, node, isInPieces, isAborted: step === 'abort' },
    target: isInPieces && step !== 'abort' ? aim : whole,
    id: isInPieces ? transfer : re,
  };
}

function requestFor(kept: SentRequest, { source, node, target, isAborted }: ComingFile): Message | undefined {
  if (!kept.isOpen && !isAborted) return undefined;
  const request = decoded(kept);
  const args = request?.methodArgs;
  const isIt = args?.[0] === source && args?.[1] === node && (target === undefined || args?.[2] === target);
  return isIt && isOwn(request) ? request : undefined;
}

/** What a reply or a file can be recognised by that does not say to which request it belongs. */
function marksOf(kept: SentRequest): string[] {
  const digest = digestOf(kept);
  const request = parseSubject(kept.subject)?.method === COPY ? decoded(kept) : undefined;
  const [source, node, target] = request?.methodArgs ?? [];
  const files = isOwn(request) ? [markOf({ source, node, target }), markOf({ source, node })] : [];
  return digest === undefined ? files : [digest, ...files];
}

/** How a file is found among those that were asked for: by where it is to be written too, where that is said. */
function markOf({ source, node, target }: Partial<Pick<ComingFile, 'source' | 'node' | 'target'>>): string {
  return JSON.stringify([source, node, ...(target === undefined ? [] : [target])]);
}

/** Whether a request is this node's own, and not one that it relayed for another. */
function isOwn(request: Message | undefined): request is Message {
  return request?.relayFromNode === '';
}

function subjectTo(toNode: string, method: string): string {
  return subjectOf({ toNode, method }, kindOf(method));
}

function relaySubject(to: string, via: string): string {
  const relay = { toNode: `${to}.${via}`, method: 'REQRelay', relayToNode: to, relayOriginalViaNode: via };
  return laneSubjectOf(relay, kindOf(relay.method));
}

function digestOf(kept: SentRequest): string | undefined {
  if (kept.replyDigest !== null) return kept.replyDigest;
  const request = decoded(kept);
  return request && replyDigestOf(request);
}

function decoded({ body, format }: SentRequest): Message | undefined {
  try {
    return body === null ? undefined : decodeMessage(body, { ...formatOf(format), maxBytes: MAX_BYTES });
  } catch {
    return undefined;
  }
}
