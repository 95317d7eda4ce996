import type { MethodDescription, NodeSummary } from '../../src/contract/nodes.ts';
import type { RequestSummary } from '../../src/contract/requests.ts';
import type { Action } from '../../src/tui/state/actions.ts';
import type { Effect } from '../../src/tui/state/effects.ts';
import { firstState, type State } from '../../src/tui/state/state.ts';
import { update } from '../../src/tui/state/update.ts';

/** The time at which tests of the terminal UI's state happen. */
export const NOW = new Date(2031, 4, 17, 14, 2, 11).getTime();

/** A node as the terminal UI's state has it. */
export function aNode(name: string, more: Partial<NodeSummary> = {}): NodeSummary {
  return {
    name,
    isSelf: name === 'central',
    isCentral: name === 'central',
    presence: 'here',
    lastSeenAt: NOW - 20_000,
    usualAwayMs: null,
    version: '0.1.0',
    os: 'linux',
    arch: 'x64',
    startedAt: NOW - 86_400_000,
    note: null,
    labels: {},
    queued: 0,
    running: 0,
    ...more,
  };
}

/** A request that has succeeded, unless told otherwise; a higher number is a newer one. */
export function aRequest(number: number, more: Partial<RequestSummary> = {}): RequestSummary {
  return {
    id: `id-${String(number).padStart(6, '0')}`,
    batch: null,
    node: 'ship1',
    method: 'REQCliCommand',
    what: 'uptime -p',
    state: 'succeeded',
    reason: null,
    queuedAt: NOW - 1_000_000 + number,
    sentAt: null,
    acceptedAt: NOW - 999_000,
    startedAt: null,
    endedAt: NOW - 998_000,
    attempts: 1,
    exitCode: 0,
    signal: null,
    tookMs: 1200,
    outputBytes: 12,
    stderrBytes: null,
    ...more,
  };
}

const argument = (field: string, name: string, isRequired: boolean) => ({
  ...{ field, name, isRequired },
  summary: `what ${name} is`,
  example: name,
});

/** Methods with each kind of argument. */
export const METHODS: readonly MethodDescription[] = [
  {
    name: 'REQCliCommand',
    kind: 'CommandACK',
    summary: 'runs a program',
    args: [argument('methodArgs[0]', 'program', true), argument('methodArgs[1...]', 'arguments', false)],
    isForPeople: true,
  },
  {
    name: 'REQToFileAppend',
    kind: 'EventACK',
    summary: 'appends to a file',
    args: [argument('data', 'data', true), argument('fileName', 'file', true)],
    isForPeople: true,
  },
  { name: 'REQPing', kind: 'EventACK', summary: 'pings', args: [], isForPeople: true },
  { name: 'REQReport', kind: 'EventACK', summary: 'how requests ended', args: [], isForPeople: false },
];

/** A state that things happen to, with all that they asked for. */
export class StateWalk {
  state: State;
  effects: Effect[] = [];

  constructor(nodes: readonly NodeSummary[] = [aNode('central'), aNode('ship1'), aNode('ship2')]) {
    this.state = firstState({
      size: { columns: 80, rows: 24 },
      now: NOW,
      templatesFolder: '/etc/steward/templates',
    });
    this.act({ type: 'linked' }, { type: 'methods', methods: METHODS }, { type: 'nodes', nodes });
    this.effects = [];
  }

  /** Lets things happen. */
  act(...actions: readonly Action[]): this {
    for (const action of actions) {
      const step = update(this.state, action);
      this.state = step.state;
      this.effects.push(...step.effects);
    }
    return this;
  }

  /** Presses keys by their names. */
  press(...keys: readonly string[]): this {
    const texts: Readonly<Record<string, string>> = { space: ' ' };
    return this.act(
      ...keys.map((key): Action => {
        const text = texts[key] ?? ([...key].length === 1 ? key : null);
        return { type: 'key', press: { key, text } };
      }),
    );
  }

  /** Writes a text letter by letter. */
  type(text: string): this {
    return this.press(...[...text].map((letter) => (letter === ' ' ? 'space' : letter)));
  }

  /** The effects since this was last asked, those of one kind. */
  took<D extends Effect['do']>(kind: D): Extract<Effect, { do: D }>[] {
    const found = this.effects.filter((effect) => effect.do === kind) as Extract<Effect, { do: D }>[];
    this.effects = this.effects.filter((effect) => effect.do !== kind);
    return found;
  }
}
