import { type AdmissionState, type OpenToken, withNode, withToken } from './admission-state.ts';
import { newNameFault } from './fleet-users.ts';
import type { JoinAnswer, JoinRequest, Refusal } from './join-messages.ts';

/** What a decision depends on besides the state. */
export interface AdmissionRules {
  /** Unix ms. */
  readonly now: number;
  readonly central: string;
  readonly centralKey: string;
  /** Why a name is none for a node, as the end of a sentence. */
  nameFault(name: string): string | undefined;
}

/** An answer, and the state that must be on disk before it is given; undefined where nothing changes. */
export interface Decision {
  readonly answer: JoinAnswer;
  readonly state?: AdmissionState;
}

/**
 * Decides whether somebody is let in. A token lets in one key, under one name; the same key may ask again, for its
 * answer may have been lost, and nothing changes then.
 */
export function decideAdmission(
  state: AdmissionState,
  request: JoinRequest,
  rules: AdmissionRules,
): Decision {
  const token = state.tokens.get(request.token);
  if (token === undefined)
    return refused('unknown', 'the central node does not know this token (any longer)');
  const { usedBy } = token;
  if (usedBy !== undefined) return repeated(state, request, { ...usedBy, central: rules.central });
  if (token.expiresAt <= rules.now)
    return refused('expired', `this token ended at ${new Date(token.expiresAt).toISOString()}`);
  const fault = nameRefusal(request.name, token, rules) ?? clash(state, request, { token, rules });
  if (fault !== undefined) return fault;
  const { name, key } = request;
  const used = withToken(state, { ...token, usedBy: { name, key, at: rules.now } });
  return {
    answer: { verdict: 'admitted', central: rules.central, name },
    state: withNode(used, { name, key, since: rules.now }),
  };
}

function repeated(
  state: AdmissionState,
  { name, key }: JoinRequest,
  usedBy: { readonly name: string; readonly key: string; readonly at: number; readonly central: string },
): Decision {
  const isSame = usedBy.key === key && usedBy.name === name && state.nodes.get(name)?.key === key;
  if (isSame) return { answer: { verdict: 'admitted', central: usedBy.central, name } };
  const when = new Date(usedBy.at).toISOString();
  return refused(
    'used',
    `this token was used at ${when}, for the node ${usedBy.name}: a token lets in one machine`,
  );
}

function nameRefusal(name: string, token: OpenToken, rules: AdmissionRules): Decision | undefined {
  const fault = rules.nameFault(name) ?? newNameFault(name);
  if (fault !== undefined)
    return refused('bad-name', `${JSON.stringify(name)} is no name for a node: it ${fault}`);
  if (isAlike(name, rules.central)) return refused('name-taken', `${name} is the central node's own name`);
  if (token.name !== '' && token.name !== name)
    return refused('other-name', `this token is for the node ${token.name}, not for ${name}`);
  return undefined;
}

function clash(
  { nodes }: AdmissionState,
  { name, key }: JoinRequest,
  { token, rules }: { token: OpenToken; rules: AdmissionRules },
): Decision | undefined {
  if (key === rules.centralKey)
    return refused('key-taken', "this is the central node's own key: make another");
  const names = [...[...nodes.values()].map((node) => node.name), rules.central];
  const near = names.find((other) => other.startsWith(`${name}.`) || name.startsWith(`${other}.`));
  if (near !== undefined)
    return refused(
      'name-taken',
      `${name} and ${near} share their beginning up to a dot: choose another name`,
    );
  for (const other of nodes.values()) {
    const isReplaced = token.isReplacing && other.name === name;
    if (isAlike(other.name, name) && !isReplaced && !(other.name === name && other.key === key)) {
      const wayOut = `choose another, or have it given away on the central node (steward invite --name ${other.name} --replace)`;
      return refused('name-taken', `the name ${other.name} belongs to another key: ${wayOut}`);
    }
    if (other.key === key && other.name !== name)
      return refused('key-taken', `this key is that of the node ${other.name}: each node has one of its own`);
  }
  return undefined;
}

/** Letters of Cyrillic and Greek, small capitals and the like that look like those of Latin, and what they look like. */
const LOOKS = new Map(
  'ıi ɩi ɪi ɑa ɡg ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz аa вb сc еe нh іi јj кk мm оo рp ԛq ѕs тt уy хx һh ԁd ԝw ѵv ёe їi αa βb εe ηh ιi κk μm νv οo ρp τt υu χx ϲc ϳj'
    .split(' ')
    .map((pair) => Array.from(pair) as [string, string]),
);

/** What is not seen, or overlooked, within a name: selectors of variants, fillers, joiners, and accents. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|[\u{300}-\u{36f}]/gu;

/** Names that people, or file systems, take for the same. */
export function isAlike(one: string, other: string): boolean {
  const plain = (name: string) => {
    const letters = name.toLowerCase().normalize('NFKD').replace(INVISIBLE, '').toLowerCase();
    return Array.from(letters, (letter) => LOOKS.get(letter) ?? letter).join('');
  };
  return plain(one) === plain(other);
}

function refused(verdict: Refusal, reason: string): Decision {
  return { answer: { verdict, reason } };
}
