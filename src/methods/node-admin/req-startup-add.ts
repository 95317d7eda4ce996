import { systemFault } from '../../lib/system-fault.ts';
import { messageFileFault } from '../../message/input/message-file.ts';
import type { Message } from '../../message/message.ts';
import type { RunResult } from '../../message/method-contract.ts';
import { type RunMethod, required } from '../method.ts';
import { opFailed } from './op-result.ts';
import { noStartupFolder, type StartupFolder, startupDone } from './startup-folder.ts';

const MOST_FAULTS = 5;

/**
 * REQStartupAdd (EventACK): keeps messages that the node sends at each of its starts.
 *
 * methodArgs is the file's name (it ends in .json, .yaml or .yml), `data` its content: messages as they are
 * submitted, JSON or YAML. The content is checked as a submission would be and then written in one piece, in place
 * of a file of that name. Replies a line; nothing is sent before the next start. Fails, and keeps what is there,
 * where a message would be refused, the name is no such name, or the node has no startup folder.
 */
export function createReqStartupAdd(startup: StartupFolder): RunMethod {
  return {
    name: 'REQStartupAdd',
    kind: 'EventACK',
    mode: 'run',
    summary: 'Keeps messages that the node sends at each start.',
    args: [
      required(
        'methodArgs[0]',
        'file name',
        'Name of the file; it ends in .json, .yaml or .yml',
        'ping.yaml',
      ),
      required(
        'data',
        'messages',
        'Messages as they are submitted, JSON or YAML',
        '[{"toNode": "central", "method": "REQPing"}]',
      ),
    ],
    check: ({ methodArgs }) => messageFileFault(methodArgs?.[0] ?? ''),
    run: async ({ message }) => noStartupFolder('StartupAdd', startup) ?? add(message, startup),
  };
}

async function add({ methodArgs, data }: Message, startup: StartupFolder): Promise<RunResult> {
  const name = methodArgs![0]!;
  const content = Buffer.concat(data ?? []);
  try {
    const faults = await startup.submissions.faults(content);
    if (faults.length > 0) {
      const more = faults.length > MOST_FAULTS ? `; and ${faults.length - MOST_FAULTS} more` : '';
      return opFailed('StartupAdd', `${name}: ${faults.slice(0, MOST_FAULTS).join('; ')}${more}`);
    }
    await startup.replaceFile({ path: name, data: [content] });
    return startupDone(`info: StartupAdd: ${name} is kept, ${content.length} bytes\n`);
  } catch (error) {
    return opFailed('StartupAdd', `${name}: ${systemFault(error)}`);
  }
}
