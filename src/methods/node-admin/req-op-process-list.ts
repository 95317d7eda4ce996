import { goDate } from '../../lib/go-date.ts';
import type { RunMethod } from '../method.ts';
import type { NodeProcesses } from './node-processes.ts';
import { opListed } from './op-result.ts';

export interface OpProcessListDeps {
  readonly processes: NodeProcesses;
  readonly now: () => Date;
}

/**
 * REQOpProcessList (CommandACK): lists the processes of a node.
 *
 * No arguments. Reply: a line for each process, `<date>, process: <kind>, id: <n>, name: <subject>`.
 */
export function createReqOpProcessList({ processes, now }: OpProcessListDeps): RunMethod {
  return {
    name: 'REQOpProcessList',
    kind: 'CommandACK',
    mode: 'run',
    summary: 'Lists the processes of a node.',
    args: [],
    run: async () => {
      const date = goDate(now());
      const lines = processes
        .list()
        .map(({ kind, id, subject }) => `${date}, process: ${kind}, id: ${id}, name: ${subject}\n`);
      return opListed(lines);
    },
  };
}
