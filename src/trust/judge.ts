import type { Message } from '../message/message.ts';
import { senderOf } from '../message/sender-of.ts';
import type { Right, Sender } from './trust-table.ts';
import { rightOf } from './trust-table.ts';

/** What is asked of the rest of the node while a message is judged. */
export interface Facts {
  readonly nodeName: string;
  readonly centralNodeName: string;
  /** Whether a message is the reply to a request of this node, which `re` names where the sender does. */
  answers(message: Message, sender: string, re: string | undefined): Answers;
  /** Whether a file is one that this node asked the sender for. */
  isAskedFile(message: Message, sender: string, re: string | undefined): boolean;
  /** The ways on which the operator lets a node reach another one through a third. */
  relays(): readonly Relay[];
  /** Whether a command may be the reply method of this node's requests. */
  readonly replyCommands: boolean;
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

/** Decides about a message by the table of rights, and by what is open here. */
export function judge({ message, sender, re }: Arrived, facts: Facts): Decision {
  if (sender === undefined) return later(notProved(message));
  const who = kindOfSender(sender, facts);
  if (who !== 'self' && senderOf(message) !== sender)
    return refuse(`it comes from ${sender} and says that it is from ${shown(senderOf(message))}`);
  if (who === 'member' && isRelayedRequest(message)) return judgeRelayed(message, sender, facts);
  const right = rightHere(message.method, who, facts);
  return BY_RIGHT[right]({ message, sender, re }, facts);
}

/** What a sender may have of a method, whatever the message says: most of what is refused need not be read. */
export function isEverTaken(method: string, sender: string, facts: Facts): boolean {
  const who = kindOfSender(sender, facts);
  const right = rightHere(method, who, facts);
  return right !== 'none' || facts.relays().some(({ via, to }) => via === sender && to === facts.nodeName);
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
  cancel: ({ message, sender }, facts) =>
    facts.areFrom(message.methodArgs ?? [], sender)
      ? TAKE
      : refuse(`${sender} may cancel requests of its own alone`),
  hello: (arrived) => inPlace(arrived, 'hello-messages', 'hello.log'),
  errors: judgeErrors,
  copy: ({ message, sender, re }, facts) =>
    facts.isAskedFile(message, sender, re)
      ? TAKE
      : refuse(`no copy of this file from ${sender} was asked for here, or it has ended`),
  relay: ({ message, sender }, facts) =>
    alongRelay({ from: sender, via: facts.nodeName, to: message.relayToNode }, facts),
};

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
function judgeRelayed({ relayFromNode }: Message, sender: string, facts: Facts): Decision {
  return alongRelay({ from: relayFromNode, via: sender, to: facts.nodeName }, facts);
}

function alongRelay(way: Relay, { relays }: Facts): Decision {
  const isAllowed = relays().some(
    ({ from, via, to }) => from === way.from && via === way.via && to === way.to,
  );
  return isAllowed
    ? { do: 'take', unasked: { isRequest: true } }
    : refuse(`no relay ${shown(way.from)}:${shown(way.via)}:${shown(way.to)} is allowed here`);
}

function judgeReply({ message, sender, re }: Known, facts: Facts): Decision {
  if (!message.isReply) return refuse(noRight(message.method, sender, facts));
  const answers = facts.answers(message, sender, re);
  if (answers === 'request') return TAKE;
  if (answers === 'unknown')
    return { do: 'keep', reason: `nothing is known here of the request that ${sender} replies to` };
  return refuse(answers.fault);
}

/** What nobody asked for is appended below the folder of the node that sends it. */
function judgeAppend({ message, sender }: Known, facts: Facts): Decision {
  const folders = message.directory.split('/').filter((part) => part !== '' && part !== '.');
  if (KEPT_FOLDERS.has(folders[0] ?? ''))
    return refuse(`${sender} may not append below ${folders[0]}: choose another directory`);
  const other = folders.find((folder) => folder !== sender && facts.isNode(folder));
  if (other !== undefined) return refuse(`${sender} may not append below a folder of ${other}`);
  const taken = { ...message, toNode: sender, previousMessage: null };
  return { do: 'take', message: taken, unasked: { file: `${folders.join('/')}/${message.fileName}` } };
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
  const line = text.replace(/[\r\n]+$/, '').replace(/\r\n|[\n\r]/g, '\n    ');
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
