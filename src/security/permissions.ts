/** What a user of a broker may publish and subscribe; all that is not named is forbidden. */
export interface Permissions {
  readonly publish: { readonly allow: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
}

/** A node that may send to another one through a third. */
export interface Relay {
  readonly from: string;
  readonly via: string;
  readonly to: string;
}

/** What the permissions of a node depend on. */
export interface FleetShape {
  readonly central: string;
  readonly relays?: readonly Relay[];
  /** Whether nodes of the original program take part: they share one subject for the answers to a message. */
  readonly hasOriginalNodes?: boolean;
  /** Whether the central node lets others in by tokens. */
  readonly admitsByToken?: boolean;
}

/** What a message's subject ends in. */
export const SUBJECT_KINDS = ['CommandACK', 'CommandNACK', 'EventACK', 'EventNACK'] as const;

/** The methods that answers to a relayed message come back with, besides reports. */
const REPLY_METHODS = [
  ...['REQToFileAppend', 'REQToFile', 'REQToConsole', 'REQToSocket', 'REQPong', 'REQReport'],
];
const ERRORS = 'errorCentral.REQErrorLog.EventACK';
const INSTANCE = 'Steward.Instance';

/** Subjects that joining uses, below the public key of a token. */
const JOIN_SUBJECT = 'Steward.Join';

/**
 * The least that a node needs: to talk with the central node and itself, to report errors, and to relay where a relay
 * names it. It can neither send to another node nor hear what others get, nor answer in another's name.
 */
export function permissionsOf(node: string, shape: FleetShape): Permissions {
  const { central, relays = [] } = shape;
  const own = node === central ? centralRights(shape) : nodeRights(node, central);
  const all = [own, ...relays.map((relay) => relayRights(node, relay, central))];
  const subscribe = all.flatMap(({ subscribe }) => subscribe);
  const shared = shape.hasOriginalNodes ? subscribe.flatMap(sharedReplySubject) : [];
  return {
    publish: { allow: unique(all.flatMap(({ publish }) => publish)) },
    subscribe: { allow: unique([...subscribe, ...shared]) },
  };
}

/** What the holder of a token may do: ask to be let in, and hear the answer. */
export function joinPermissions(tokenKey: string): Permissions {
  const subject = joinSubject(tokenKey);
  return { publish: { allow: [subject] }, subscribe: { allow: [joinAnswerSubject(tokenKey)] } };
}

/** Where the holder of a token asks to be let in. */
export function joinSubject(tokenKey: string): string {
  return `${JOIN_SUBJECT}.${tokenKey}`;
}

/** Where the answer to that comes. */
export function joinAnswerSubject(tokenKey: string): string {
  return `${joinSubject(tokenKey)}.answer`;
}

interface Rights {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

function nodeRights(node: string, central: string): Rights {
  return {
    publish: [...messagesTo(central), ERRORS, ...messagesTo(node), `${node}.${INSTANCE}`, ...answersOf(node)],
    subscribe: [
      `${node}.*.*`,
      `${node}.${INSTANCE}.reply.*`,
      `${node}.*.*.reply.${node}.*`,
      `${central}.*.*.reply.${node}.*`,
      `${ERRORS}.reply.${node}.*`,
    ],
  };
}

function centralRights({ central, admitsByToken = false }: FleetShape): Rights {
  return {
    publish: [
      ...messagesTo('*'),
      `${central}.${INSTANCE}`,
      ...answersOf(central),
      ...answersTo(ERRORS),
      ...answersTo(`*.${central}.REQRelay.EventACK`),
      ...(admitsByToken ? [joinAnswerSubject('*')] : []),
    ],
    subscribe: [
      `${central}.*.*`,
      `${central}.${INSTANCE}.reply.*`,
      ERRORS,
      `*.${central}.REQRelay.EventACK`,
      `*.*.*.reply.${central}.*`,
      ...(admitsByToken ? [joinSubject('*')] : []),
    ],
  };
}

function relayRights(node: string, { from, via, to }: Relay, central: string): Rights {
  const subject = `${to}.${via}.REQRelay.EventACK`;
  const publish: string[] = [];
  const subscribe: string[] = [];
  if (node === from) {
    publish.push(subject);
    subscribe.push(`${subject}.reply.${from}.*`);
    // What the relaying node is told afterwards; the central node is told anyway.
    if (via !== central) publish.push(`${via}.REQCancel.EventACK`, `${via}.REQReport.EventACK`);
    if (via !== central) subscribe.push(`${via}.*.*.reply.${from}.*`);
  }
  if (node === via && via !== central) {
    publish.push(...answersTo(subject), ...messagesTo(to), ...repliesTo(from));
    subscribe.push(`*.${via}.REQRelay.EventACK`, `${to}.*.*.reply.${via}.*`, `${from}.*.*.reply.${via}.*`);
  }
  if (node === to && via !== central) {
    publish.push(...repliesTo(via));
    subscribe.push(`${via}.*.*.reply.${to}.*`);
  }
  return { publish, subscribe };
}

/** Every message for a node, of whatever method; the kinds keep out what is no message. */
function messagesTo(node: string): string[] {
  return SUBJECT_KINDS.map((kind) => `${node}.*.${kind}`);
}

/** The messages with which results and reports come to a node. */
function repliesTo(node: string): string[] {
  return REPLY_METHODS.map((method) => `${node}.${method}.EventACK`);
}

/** A node's answers to what was sent to it; nodes of the original wait for them on the shorter subject. */
function answersOf(node: string): string[] {
  return answersTo(`${node}.*.*`);
}

function answersTo(subject: string): string[] {
  return [`${subject}.reply`, `${subject}.reply.>`];
}

/** The subject that all senders share, where a node's own is `<subject>.reply.<node>.*`. */
function sharedReplySubject(subject: string): string[] {
  const found = /^(.*\.reply)\.[^.]+\.\*$/.exec(subject);
  return found ? [found[1]!] : [];
}

function unique(subjects: readonly string[]): string[] {
  return [...new Set(subjects)];
}
