import type { Presence } from '../../contract/nodes.ts';
import { type Outcome, outcomeOf, type RequestState } from '../../contract/states.ts';
import type { Cell } from './table.ts';

const OUTCOME_COLOURS = {
  succeeded: 'green',
  failed: 'red',
  'timed-out': 'magenta',
  cancelled: 'gray',
  'handed-over': 'gray',
  unreached: 'red',
  running: 'cyan',
  waiting: 'yellow',
} as const satisfies Record<Outcome, string>;

const PRESENCE_COLOURS = { here: 'green', away: 'yellow', unknown: 'gray' } as const;

/** The colour that a group of states has everywhere. */
export function outcomeColour(outcome: Outcome): (typeof OUTCOME_COLOURS)[Outcome] {
  return OUTCOME_COLOURS[outcome];
}

/** A state in the colour of its group. */
export function stateCell(state: RequestState): Cell {
  return { text: state, format: outcomeColour(outcomeOf(state)) };
}

/** Whether a node is there, and when it calls where it is away between its calls, in its colour. */
export function presenceCell(presence: Presence, calls = ''): Cell {
  return { text: calls === '' ? presence : `${presence}, ${calls}`, format: PRESENCE_COLOURS[presence] };
}
