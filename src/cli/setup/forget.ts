import type { Writable } from 'node:stream';
import type { Config } from '../../config/config.ts';
import { countWords } from '../../lib/time-words.ts';
import { defineCommand, EXIT, UsageError } from '../line/command.ts';
import { tell } from '../print/tell.ts';

const OPTIONS = {
  folder: { value: 'DIR', summary: "the central node's; default ./steward or .", completes: 'folder' },
} as const;

/** Takes a node's right to connect away, and the node off the list. */
export const forgetCommand = defineCommand({
  usage: ['forget NODE...'],
  about: [
    'Removes nodes: the broker of the central node here lets them in no more and cuts their connections, and every list',
    'drops them. Their names are free again. Queued requests for them end as cancelled; those already sent stay open, as',
    'they may have arrived. With a nats-server, the command says what to change in its configuration.',
  ],
  options: OPTIONS,
  operands: ['node'],
  examples: [
    { line: 'steward forget ship1', does: 'ship1 was lost: its key is good for nothing from now on' },
  ],
  run: async ({ operands, options, stdout, stderr, env }) => {
    if (operands.length === 0) throw new UsageError('forget needs the name of a node: steward forget ship1');
    const { findNodeFolder } = await import('./node-folder.ts');
    const { connectToNode } = await import('../../client/find-node.ts');
    const folder = await findNodeFolder(options.folder);
    const config = await configOf(folder);
    let unknown = 0;
    for (const name of operands) {
      if (name === config.nodeName || name === config.centralNodeName)
        throw new UsageError(`${name} cannot be forgotten: it is the central node, or the node here`);
      const wasLetIn = await takeAway(folder, config, name);
      await using api = await connectToNode({ folder }, env);
      const { wasKnown, ...counts } = await api.forgetNode(name);
      const messages = messageLines(name, counts);
      if (wasLetIn || wasKnown) stdout.write(forgottenText(name, wasLetIn, { messages, config }));
      else {
        tellStrange(stderr, name, messages);
        unknown++;
      }
    }
    return unknown === 0 ? EXIT.ok : EXIT.noNode;
  },
});

async function configOf(folder: string): Promise<Config> {
  const { readConfig } = await import('../../config/load-config.ts');
  const { join } = await import('node:path');
  return (await readConfig({ args: [`-configFolder=${join(folder, 'etc')}`], env: {} })).config;
}

/** Has the broker of the node's own let it in no more; whether it did until now. */
async function takeAway(folder: string, { embeddedBroker }: Config, name: string): Promise<boolean> {
  if ((embeddedBroker?.admissionFolder ?? '') === '') return false;
  const { orderAdmission } = await import('./admission-client.ts');
  return (await orderAdmission(folder, { do: 'forget', name })).wasThere;
}

function tellStrange(stderr: Writable, name: string, messages: readonly string[]): void {
  tell(stderr, `no node ${JSON.stringify(name)} has joined: steward invite --list names them`);
  for (const line of messages) tell(stderr, line);
}

/** What became of the messages for a node. */
function messageLines(name: string, { cancelled, left }: { cancelled: number; left: number }): string[] {
  const [stay, them] = left === 1 ? ['stays', 'it'] : ['stay', 'them'];
  return [
    ...(cancelled > 0 ? [`${countWords(cancelled, 'message')} that waited for it ended as cancelled.`] : []),
    ...(left > 0
      ? [
          `${countWords(left, 'message')} that had been sent ${stay} open: an answer still ends ${them}.`,
          `steward status --node ${name} --state open names ${them}, and steward cancel ID ends ${them}.`,
        ]
      : []),
  ];
}

function forgottenText(
  name: string,
  wasLetIn: boolean,
  { messages, config: { embeddedBroker, trust } }: { messages: readonly string[]; config: Config },
): string {
  const lines = [wasLetIn ? `${name} is let in no more.` : `${name} is off the list.`, ...messages];
  if ((embeddedBroker?.admissionFolder ?? '') === '')
    lines.push(
      `Its key is good at the broker until that is configured anew, without --node ${name}=...:`,
      `  steward broker-config${trust.mode === 'closed' ? ' --trust closed' : ''} --node ... --out nats.conf && nats-server --signal reload`,
      'Until then a hello of it brings it back on the list.',
    );
  return `${lines.join('\n')}\n`;
}
