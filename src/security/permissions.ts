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
  /** How many parts, between dots, the names of the nodes have; one unless told. */
  readonly nameParts?: readonly number[];
  /**
   * Whether a node may publish on subjects alone that prove who it is, and there what a ship may ask; for every node but the
   * central one. Open unless told: then it may use those subjects, and the plain ones too.
   */
  isClosed?(node: string): boolean;
  /** Whether a reply may be a command for the central node. */
  readonly replyCommands?: boolean;
  readonly relays?: readonly Relay[];
  /** Whether nodes of the original program take part: they share one subject for the answers to a message. */
  readonly hasOriginalNodes?: boolean;
  /** Whether the central node lets others in by tokens. */
  readonly admitsByToken?: boolean;
}

/** What a message's subject ends in. */
export const SUBJECT_KINDS = ['CommandACK', 'CommandNACK', 'EventACK', 'EventNACK'] as const;

/** The methods that answers to a message come back with, and reports. */
const REPLY_METHODS = [
  ...['REQToFileAppend', 'REQToFile', 'REQToConsole', 'REQToSocket', 'REQPong', 'REQReport'],
];
/** What else a node of a closed fleet may send to the central one: files that were asked for, what it calls off, and what it says of itself. */
const CLOSED_METHODS = [
  ...REPLY_METHODS.map((method) => `${method}.EventACK`),
  ...['REQCopyFileTo.EventACK', 'REQCancel.EventACK', 'REQHello.EventNACK'],
];
const ERRORS = 'errorCentral.REQErrorLog.EventACK';
const INSTANCE = 'Steward.Instance';
/** Where a node is asked for the states of requests that it took. */
const STATE = 'Steward.State';

/** Subjects that joining uses, below the public key of a token. */
const JOIN_SUBJECT = 'Steward.Join';

/**
 * The least that a node needs: to talk with the central node and itself, to report errors, and to relay where a relay
 * names it. It can neither send to another node nor hear what others get, nor answer in another's name.
 */
export function permissionsOf(node: string, shape: FleetShape): Permissions {
  const { central, relays = [] } = shape;
  const isClosed = node !== central && shape.isClosed?.(node) === true;
  const own =
    node === central
      ? centralRights(shape)
      : isClosed
        ? closedRights(node, shape)
        : nodeRights(node, central);
  const ways = relays.flatMap((relay) => [
    relayRights(node, relay, { central, isClosed }),
    ...(isClosed && relay.via !== central ? [fetchRights(node, relay)] : []),
  ]);
  const all = [own, ...ways];
  const subscribe = forNames(
    all.flatMap(({ subscribe }) => subscribe),
    shape,
  );
  const shared = shape.hasOriginalNodes ? subscribe.flatMap(sharedReplySubject) : [];
  return {
    publish: {
      allow: unique(
        forNames(
          all.flatMap(({ publish }) => publish),
          shape,
        ),
      ),
    },
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
    publish: [
      ...both([...messagesTo(central), `${central}.${STATE}`, ERRORS], node),
      ...[...both(messagesTo(node), node), `${node}.${INSTANCE}`, ...answersOf(node)],
    ],
    subscribe: heardByNode(node, central),
  };
}

/** The same on subjects alone that prove who sends, and by method. */
function closedRights(node: string, { central, replyCommands = false }: FleetShape): Rights {
  const methods = [...CLOSED_METHODS, ...(replyCommands ? ['REQCliCommand.CommandACK'] : [])];
  const toCentral = [...methods.map((method) => `${central}.${method}`), `${central}.${STATE}`, ERRORS];
  return {
    publish: [
      ...[...toCentral, ...messagesTo(node)].map((subject) => proved(subject, node)),
      ...[`${node}.${INSTANCE}`, ...answersOf(node)],
    ],
    subscribe: heardByNode(node, central),
  };
}

function heardByNode(node: string, central: string): string[] {
  return [
    `${node}.*.*`,
    proved(`${node}.*.*`, '>'),
    `${node}.${INSTANCE}.reply.*`,
    `${node}.*.*.reply.${node}.*`,
    `${central}.*.*.reply.${node}.*`,
    `${ERRORS}.reply.${node}.*`,
  ];
}

/** The subject that proves who sends: nobody else may publish on it. */
function proved(subject: string, node: string): string {
  return `${subject}.from.${node}`;
}

function both(subjects: readonly string[], node: string): string[] {
  return [...subjects, ...subjects.map((subject) => proved(subject, node))];
}

function centralRights({ central, admitsByToken = false }: FleetShape): Rights {
  return {
    publish: [
      ...both([...messagesTo('*'), `*.${STATE}`], central),
      `${central}.${INSTANCE}`,
      ...answersOf(central),
      ...answersTo(ERRORS),
      ...answersTo(`*.${central}.REQRelay.EventACK`),
      ...(admitsByToken ? [joinAnswerSubject('*')] : []),
    ],
    subscribe: [
      ...both([`${central}.*.*`, ERRORS, `*.${central}.REQRelay.EventACK`], '>'),
      `${central}.${INSTANCE}.reply.*`,
      `*.*.*.reply.${central}.*`,
      ...(admitsByToken ? [joinSubject('*')] : []),
    ],
  };
}

function relayRights(
  node: string,
  { from, via, to }: Relay,
  { central, isClosed }: { readonly central: string; readonly isClosed: boolean },
): Rights {
  const sent = (subjects: readonly string[]) =>
    isClosed ? subjects.map((subject) => proved(subject, node)) : both(subjects, node);
  const subject = `${to}.${via}.REQRelay.EventACK`;
  const publish: string[] = [];
  const subscribe: string[] = [];
  if (node === from) {
    publish.push(...sent([subject]));
    subscribe.push(`${subject}.reply.${from}.*`);
    // What the relaying node is told afterwards; in an open fleet the central node is told anyway.
    if (via !== central || isClosed)
      publish.push(...sent([`${via}.REQCancel.EventACK`, `${via}.REQReport.EventACK`, `${via}.${STATE}`]));
  }
  if (node === via && via !== central) {
    const asked = from === central ? [] : [`${from}.${STATE}`];
    publish.push(...answersTo(subject));
    publish.push(...sent([...messagesTo(to), `${to}.${STATE}`, ...repliesTo(from), ...asked]));
    subscribe.push(
      ...both([`*.${via}.REQRelay.EventACK`], '>'),
      `${to}.*.*.reply.${via}.*`,
      `${from}.*.*.reply.${via}.*`,
    );
  }
  if (node === to && via !== central) {
    publish.push(...sent([...repliesTo(via), `${via}.${STATE}`]));
    subscribe.push(`${via}.*.*.reply.${to}.*`);
  }
  return { publish, subscribe };
}

/** For files that a relay fetches: without proof of the sender these would be rights to write and to read any file. */
function fetchRights(node: string, { from, via }: Relay): Rights {
  if (node === via) return { publish: [proved(`${from}.REQCopyFileFrom.EventACK`, node)], subscribe: [] };
  if (node !== from) return { publish: [], subscribe: [] };
  return {
    publish: [proved(`${via}.REQCopyFileTo.EventACK`, node)],
    subscribe: [`${via}.*.*.reply.${from}.*`],
  };
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

/** A wildcard for a node stands for one part of a name: names with dots have several. */
function forNames(subjects: readonly string[], { nameParts = [1] }: FleetShape): string[] {
  return subjects.flatMap((subject) =>
    subject.startsWith('*.') ? nameParts.map((parts) => '*.'.repeat(parts) + subject.slice(2)) : [subject],
  );
}

function unique(subjects: readonly string[]): string[] {
  return [...new Set(subjects)];
}
