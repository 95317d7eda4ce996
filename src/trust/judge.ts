import { basename, dirname, normalize } from 'node:path/posix';
import { setInLines } from '../lib/visible.ts';
import { type Message, newMessage } from '../message/message.ts';
import { fetchFault, fetchGiven, isRelayedTransfer, readFetch } from '../message/relayed-file.ts';
import { HARMLESS_REPLIES } from '../message/reply-methods.ts';
import { senderOf } from '../message/sender-of.ts';
import type { Right, Sender } from './trust-table.ts';
import { rightOf } from './trust-table.ts';

/** What is asked of the rest of the node while a message is judged. */
export interface Facts {
  readonly nodeName: string;
  readonly centralNodeName: string;
  /** Whether a message is the reply to a request of this node, which `re` names where the sender does. */
  answers(message: Message, sender: string, re: string | undefined): Answers;
  /** The request with which this node asked the sender for a file; undefined where it did not. */
  askedCopy(message: Message, sender: string, re: string | undefined): Message | undefined;
  /** The request with which this node asked the sender to relay a file that is to be fetched; undefined where it did not. */
  askedRelay(id: string, sender: string): Message | undefined;
  /** The ways on which the operator lets a node reach another one through a third. */
  relays(): readonly Relay[];
  /** Whether a command may be the reply method of this node's requests. */
  readonly replyCommands: boolean;
  /** The node for which this one sent a request on, where it is the one that `re` names, or that a reply says it is to. */
  firstSenderOf(reply: Message, re: string | undefined): string | undefined;
  /** Whether all requests with these ids that are known here came from the sender. */
  areFrom(ids: readonly string[], sender: string): boolean;
  isNode(name: string): boolean;
}

/** A node that may send to another one through a third. */
export interface Relay {
  readonly from: string;
  readonly via: string;
  readonly to: string;
}

/** A reply to a request of this node, one to a request that nothing is known of, or why it is none. */
export type Answers = 'request' | 'unknown' | { readonly fault: string };

/** What is to become of a message; `message` stands in its place where it must not be taken as it is. */
export type Decision =
  | { readonly do: 'take'; readonly message?: Message; readonly unasked?: Unasked }
  | { readonly do: 'refuse' | 'later' | 'keep'; readonly reason: string };

/** What counts for the share of its sender, as nobody here asked for it. */
export interface Unasked {
  /** The file that it goes to, where it is the sender's own. */
  readonly file?: string;
  /** Whether it is a request that waits here. */
  readonly isRequest?: boolean;
  /** Whose share it counts for, where that is not its sender: it is taken whatever is left of that. */
  readonly owedBy?: string;
}

/** A message and what is known of who sent it. */
export interface Arrived {
  readonly message: Message;
  /** The node that the broker says it is from, or the operator trusts to say so; undefined where nobody does. */
  readonly sender: string | undefined;
  /** The id of the request that it is the reply to, where its sender says. */
  readonly re: string | undefined;
}

const TAKE: Decision = { do: 'take' };
/** Folders of the data folder that have an owner of their own. */
const KEPT_FOLDERS: ReadonlySet<string> = new Set(['errorLog', 'hello-messages', 'unasked']);
const MOST_CANCELLED = 10_000;
const BRINGS_REPLIES: ReadonlySet<Right> = new Set(['all', 'reply', 'append']);

/** Decides about a message by the table of rights, and by what is open here. */
export function judge(arrived: Arrived, facts: Facts): Decision {
  const { message, sender } = arrived;
  if (sender === undefined) return later(notProved(message));
  const who = kindOfSender(sender, facts);
  const right = rightHere(message.method, who, facts);
  // The copy of a relayed request's reply alone has the FromNode of another node.
  const claimed = BRINGS_REPLIES.has(right) ? senderOf(message) : message.fromNode;
  if (who !== 'self' && claimed !== sender)
    return refuse(`it comes from ${sender} and says that it is from ${shown(claimed)}`);
  if (who === 'member' && isRelayedRequest(message)) return judgeRelayed(message, sender, facts);
  const re = who === 'member' && message.method === 'REQCopyFileFrom' ? readFetch(message)?.re : undefined;
  if (re !== undefined) return judgeFetch({ message, sender, re }, facts);
  return BY_RIGHT[right]({ ...arrived, sender }, facts);
}

/** Whether the end of a request counts that a message brings along: as a report of the same node would. */
export function mayTellEnds(sender: string, facts: Facts): boolean {
  return rightHere('REQReport', kindOfSender(sender, facts), facts) !== 'none';
}

/** What a sender may have of a method, whatever the message says: most of what is refused need not be read. */
export function isEverTaken(method: string, sender: string, facts: Facts): boolean {
  const who = kindOfSender(sender, facts);
  const right = rightHere(method, who, facts);
  return (
    right !== 'none' ||
    facts.relays().some(({ from, via, to }) => via === sender && [from, to].includes(facts.nodeName))
  );
}

export function noRight(method: string, sender: string, { nodeName }: Facts): string {
  return `${sender} may not ask ${nodeName} for ${shown(method)} (trust = closed)`;
}

type Known = Arrived & { readonly sender: string };

const BY_RIGHT: Readonly<Record<Right, (arrived: Known, facts: Facts) => Decision>> = {
  all: () => TAKE,
  none: ({ message, sender }, facts) => refuse(noRight(message.method, sender, facts)),
  report: () => TAKE,
  reply: judgeReply,
  append: (arrived, facts) =>
    arrived.message.isReply ? judgeReply(arrived, facts) : judgeAppend(arrived, facts),
  cancel: judgeCancel,
  hello: (arrived) => inPlace(arrived, 'hello-messages', 'hello.log'),
  errors: judgeErrors,
  copy: judgeCopy,
  relay: ({ message, sender }, facts) => {
    const allowed = alongRelay({ from: sender, via: facts.nodeName, to: message.relayToNode }, facts);
    const fault = allowed.do === 'take' ? relayedReplyFault(message, facts) : undefined;
    return fault === undefined ? allowed : refuse(fault);
  },
};

/** Where a node whose request this one sends on has the reply to it handled here. */
function relayedReplyFault({ replyMethod, directory }: Message, { nodeName }: Facts): string | undefined {
  if (!HARMLESS_REPLIES.has(replyMethod))
    return `a reply to what ${nodeName} relays is not taken there as ${shown(replyMethod)}: use REQToFile, and ${shown(replyMethod)} as relayReplyMethod`;
  const kept = keptFolder(directory);
  return kept && `a reply to what ${nodeName} relays is not written below ${kept}: choose another directory`;
}

/** What this node says of a file that has come is as its own request wants it, whatever comes with the file. */
function judgeCopy({ message, sender, re }: Known, facts: Facts): Decision {
  const request = facts.askedCopy(message, sender, re);
  if (request === undefined)
    return refuse(`no copy of this file from ${sender} was asked for here, or it has ended`);
  const { toNode, fromNode, method, methodArgs, data } = message;
  const fault = fetchFault(request, message);
  if (fault !== undefined) return refuse(fault);
  const target = request.methodArgs?.[2] ?? '';
  return take({
    ...request,
    ...{ toNode, fromNode, method, methodArgs, data },
    ...(message.replyMethod === 'REQNone' ? { replyMethod: 'REQNone' } : {}),
    ...{ directory: dirname(normalize(target)), fileName: basename(target) },
    previousMessage: { ...request, data: null, previousMessage: null },
  });
}

function rightHere(method: string, who: Sender, facts: Facts): Right {
  if (who === 'member' && method === 'REQCliCommand' && facts.replyCommands) return 'reply';
  return rightOf(method, who, facts.nodeName === facts.centralNodeName);
}

function kindOfSender(sender: string, { nodeName, centralNodeName }: Facts): Sender {
  if (sender === nodeName) return 'self';
  return sender === centralNodeName ? 'central' : 'member';
}

/** What a node sent on for another one, as its own. */
function isRelayedRequest({ isReply, method, relayFromNode }: Message): boolean {
  return !isReply && relayFromNode !== '' && method !== 'REQRelay' && method !== 'REQRelayInitial';
}

/** It counts as its first sender's, whom the operator allows to come this way or not. */
function judgeRelayed(
  { relayFromNode, method, methodArgs }: Message,
  sender: string,
  facts: Facts,
): Decision {
  const [, , , step = '', transfer = ''] = methodArgs ?? [];
  const isInPieces = method === 'REQCopyFileTo' && ['begin', 'end', 'abort'].includes(step);
  if (isInPieces && !isRelayedTransfer(transfer, sender))
    return refuse(`the copy ${shown(transfer)} is none that ${sender} relays`);
  return alongRelay({ from: relayFromNode, via: sender, to: facts.nodeName }, facts);
}

/** Whether a copy is one that a relay may make here. */
export function isRelaysOwn(transfer: string, via: string, facts: Facts): boolean {
  const isOnWay = facts.relays().some((way) => way.via === via && way.to === facts.nodeName);
  return isOnWay && isRelayedTransfer(transfer, via);
}

/** A relay fetches the file that it was asked to relay, and nothing else comes of that. */
function judgeFetch({ message, sender, re }: Known & { readonly re: string }, facts: Facts): Decision {
  const methodArgs = fetchGiven(message, sender, facts.askedRelay(re, sender));
  if (!methodArgs) return refuse(`${sender} was not asked to relay this file, or that has ended`);
  const { ackTimeout, retries, methodTimeout, method } = message;
  const way = { toNode: facts.nodeName, fromNode: sender, method, methodArgs };
  const fetch = newMessage({ ...way, replyMethod: 'REQNone', ackTimeout, retries, methodTimeout });
  return { do: 'take', message: fetch, unasked: { isRequest: true } };
}

function alongRelay(way: Relay, { relays, nodeName }: Facts): Decision {
  const isIt = ({ from, via, to }: Relay) => from === way.from && via === way.via && to === way.to;
  if (relays().some(isIt)) return { do: 'take', unasked: { isRequest: true } };
  const text = `${shown(way.from)}:${shown(way.via)}:${shown(way.to)}`;
  return refuse(`no relay ${text} is allowed on ${nodeName}: name it in its TrustRelay`);
}

/** What is cancelled need not have come yet: then it is remembered here, whatever somebody makes up. */
function judgeCancel({ message, sender }: Known, facts: Facts): Decision {
  const ids = message.methodArgs ?? [];
  if (ids.length > MOST_CANCELLED) return refuse(`${sender} may cancel ${MOST_CANCELLED} requests at once`);
  return facts.areFrom(ids, sender)
    ? { do: 'take', unasked: {} }
    : refuse(`${sender} may cancel requests of its own alone`);
}

function judgeReply({ message, sender, re }: Known, facts: Facts): Decision {
  if (!message.isReply) return refuse(noRight(message.method, sender, facts));
  // A reply that is run here has a result, which must not be run once more.
  if (!HARMLESS_REPLIES.has(message.replyMethod))
    return refuse(`a reply of ${sender} may not ask for ${shown(message.replyMethod)}`);
  const answers = facts.answers(message, sender, re);
  if (answers === 'request') {
    const owedBy = facts.firstSenderOf(message, re);
    return owedBy === undefined ? TAKE : { do: 'take', unasked: { owedBy } };
  }
  if (answers === 'unknown')
    return { do: 'keep', reason: `nothing is known here of the request that ${sender} replies to` };
  return refuse(answers.fault);
}

/** What nobody asked for is appended below the folder of the node that sends it. */
function judgeAppend({ message, sender }: Known, facts: Facts): Decision {
  const folders = foldersOf(message.directory);
  const kept = keptFolder(message.directory);
  if (kept) return refuse(`${sender} may not append below ${kept}: choose another directory`);
  const other = folders.find((folder) => folder !== sender && facts.isNode(folder));
  if (other !== undefined) return refuse(`${sender} may not append below a folder of ${other}`);
  const taken = { ...message, toNode: sender, previousMessage: null };
  return { do: 'take', message: taken, unasked: { file: `${folders.join('/')}/${message.fileName}` } };
}

function foldersOf(directory: string): string[] {
  return directory.split('/').filter((part) => part !== '' && part !== '.');
}

function keptFolder(directory: string): string | undefined {
  const [first = ''] = foldersOf(directory);
  return KEPT_FOLDERS.has(first) ? first : undefined;
}

function judgeErrors(arrived: Known): Decision {
  const placed = inPlace(arrived, 'errorLog', 'error.log');
  if (placed.do !== 'take') return placed;
  const { message, sender } = arrived;
  const data =
    message.data?.map((item) => Buffer.from(ownLine(Buffer.from(item).toString(), sender))) ?? null;
  return { do: 'take', message: { ...message, data, previousMessage: null }, unasked: {} };
}

/** A line of the error log names the node that sent it, and is one line: what follows a newline is set in. */
function ownLine(text: string, sender: string): string {
  const line = setInLines(text.replace(/[\r\n]+$/, ''));
  const named = /^[^\n]{0,100}?, node: ([^\n]*?), /.exec(line)?.[1];
  return `${named === sender ? '' : `node: ${sender}, says: `}${line}\n`;
}

function inPlace({ message, sender }: Known, directory: string, fileName: string): Decision {
  const isThere =
    (message.directory === '' || message.directory === directory) &&
    (message.fileName === '' || message.fileName === fileName);
  if (isThere) return message.previousMessage === null ? TAKE : take({ ...message, previousMessage: null });
  return refuse(`${message.method} of ${sender} is written to ${directory} and ${fileName} alone`);
}

function take(message: Message): Decision {
  return { do: 'take', message };
}

function refuse(reason: string): Decision {
  return { do: 'refuse', reason };
}

function later(reason: string): Decision {
  return { do: 'later', reason };
}

function notProved(message: Message): string {
  const from = shown(senderOf(message));
  return `not proved: the broker does not say that this ${message.method} is from ${from}; a node of an older version, or of the original, is named in trustOriginal`;
}

function shown(text: string): string {
  return /^[\w.-]{1,64}$/.test(text) ? text : JSON.stringify(text.slice(0, 64));
}

/** An original node that is believed sends a file in the name of who asked for it; whoever is proved names itself. */
export function inNameOf(
  message: Message,
  { proved, sender }: { readonly proved: string | undefined; readonly sender: string | undefined },
): Message {
  const isInAnothers = proved === undefined && sender !== undefined && message.method === 'REQCopyFileTo';
  return isInAnothers ? { ...message, fromNode: sender } : message;
}
