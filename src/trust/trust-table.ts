/** Who sent a message: this node itself, the central node, or any other node of the fleet. */
export type Sender = 'self' | 'central' | 'member';

/** What may come of a message, before it is looked at what is open here. */
export type Right =
  /** Whatever it asks for. */
  | 'all'
  /** Nothing. */
  | 'none'
  /** Only as the reply to a request that this node sent, where that request says. */
  | 'reply'
  /** That, or an append below the sender's own folder. */
  | 'append'
  /** An end of requests that were sent to the sender: the ledger looks which those are. */
  | 'report'
  /** Of requests of the sender's own. */
  | 'cancel'
  /** Its hello, and its errors, each in its one place. */
  | 'hello'
  | 'errors'
  /** A file that this node asked the sender for. */
  | 'copy'
  /** To a node that the operator allows the sender to reach through this one. */
  | 'relay';

/** What may ask for a method: this node itself, central of a ship, another node of central, and another node of a ship. */
interface Row {
  readonly self: Right;
  readonly central: Right;
  readonly memberAtCentral: Right;
  readonly memberAtShip: Right;
}

const OF_CENTRAL: Row = { self: 'all', central: 'all', memberAtCentral: 'none', memberAtShip: 'none' };

function members(memberAtCentral: Right, memberAtShip: Right = memberAtCentral): Row {
  return { ...OF_CENTRAL, memberAtCentral, memberAtShip };
}

/**
 * Who may ask a node of a closed fleet for what. Central may ask ships for everything, a node itself for everything, and
 * nobody asks central for anything but what follows. A method that is not named is for central and the node itself.
 */
export const TRUST_TABLE: Readonly<Record<string, Row>> = {
  REQCliCommand: OF_CENTRAL,
  REQCliCommandCont: OF_CENTRAL,
  REQTailFile: OF_CENTRAL,
  REQHttpGet: OF_CENTRAL,
  REQCopyFileFrom: OF_CENTRAL,
  REQPing: OF_CENTRAL,
  REQNone: OF_CENTRAL,
  REQOpProcessList: OF_CENTRAL,
  REQOpProcessStart: OF_CENTRAL,
  REQOpProcessStop: OF_CENTRAL,
  REQOpQueueList: OF_CENTRAL,
  REQOpQueueRemove: OF_CENTRAL,
  REQOpScheduleList: OF_CENTRAL,
  REQStartupAdd: OF_CENTRAL,
  REQStartupList: OF_CENTRAL,
  REQStartupRemove: OF_CENTRAL,
  REQToFileAppend: members('append', 'reply'),
  REQToFile: members('reply'),
  REQToConsole: members('reply'),
  REQToSocket: members('reply'),
  REQPong: members('reply'),
  REQCopyFileTo: members('copy'),
  REQReport: members('report'),
  REQCancel: members('cancel'),
  REQHello: members('hello', 'none'),
  REQErrorLog: members('errors'),
  REQRelay: members('relay'),
  REQRelayInitial: { ...OF_CENTRAL, central: 'none' },
};

/** What a sender may have of a method here. */
export function rightOf(method: string, sender: Sender, isCentral: boolean): Right {
  const row = TRUST_TABLE[method] ?? OF_CENTRAL;
  if (sender === 'member') return isCentral ? row.memberAtCentral : row.memberAtShip;
  return row[sender];
}
