import { defineCommand } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { UsageError } from './usage-error.ts';

const OPTIONS = {
  folder: {
    type: 'string',
    value: 'DIR',
    summary: "the central node's; default ./steward or .",
    completes: 'folder',
  },
} as const;

/** Takes a node's right to connect away. */
export const forgetCommand = defineCommand({
  usage: ['forget NODE...'],
  about: [
    'Takes nodes out of those that the broker of the central node here lets in, and cuts their connections.',
    'Their names are free then. What was queued for them stays queued.',
  ],
  options: OPTIONS,
  operands: ['node'],
  examples: [
    { line: 'steward forget ship1', does: 'ship1 was lost: its key is good for nothing from now on' },
  ],
  run: async ({ operands, options, stdout, stderr }) => {
    if (operands.length === 0) throw new UsageError('forget needs the name of a node: steward forget ship1');
    const { findNodeFolder } = await import('./node-folder.ts');
    const { orderAdmission } = await import('./admission-client.ts');
    const folder = await findNodeFolder(options.folder);
    let unknown = 0;
    for (const name of operands) {
      const { wasThere } = await orderAdmission(folder, { do: 'forget', name });
      if (wasThere) stdout.write(`${name} is let in no more.\n`);
      else
        stderr.write(
          `steward: no node ${JSON.stringify(name)} has joined: steward invite --list names them\n`,
        );
      if (!wasThere) unknown++;
    }
    return unknown === 0 ? EXIT.ok : EXIT.noNode;
  },
});
