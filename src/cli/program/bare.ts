import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readConfigFile } from '../../config/config-file.ts';
import { EXIT, type RunCommand } from '../line/command.ts';
import { tell } from '../print/tell.ts';
import { runNode } from './run.ts';

const SHORT_HELP = `There is no node here: no etc/config.toml with a NodeName.

Start one:
  steward up                    a central node with a broker of its own, in ./steward
  steward join ADDRESS TOKEN    a node of a fleet, with the line that steward up or steward invite prints
  steward -nodeName=ship1 -centralNodeName=central -brokerAddress=nats://HOST:4222

Ask one that runs: steward nodes, steward status, steward exec 'ship*' -- uptime, or stew.
All commands: steward help. See it at work in half a minute: steward demo.
`;

/** `steward` alone: runs the node that is configured here, as the original does, or says how one is started. */
export const runBare: RunCommand = async (call, commands) => {
  const { env, stderr } = call;
  const found = await findNode(env.CONFIG_FOLDER);
  const name = env.NODE_NAME || found?.name;
  if (name === undefined) {
    stderr.write(SHORT_HELP);
    return EXIT.fault;
  }
  if ((stderr as { isTTY?: boolean }).isTTY === true)
    tell(stderr, `starting the node ${name}${found === undefined ? '' : ` of ${found.folder}`}`);
  const isUsual = found === undefined || found.isUsual;
  return await runNode({ ...call, args: isUsual ? [] : [`-configFolder=${found.folder}`] }, commands);
};

/** The configuration of a node: where the environment says, in ./etc, or where `steward up` and `join` make it. */
async function findNode(told: string | undefined) {
  const usual = told || './etc';
  for (const folder of [usual, ...(told ? [] : ['./steward/etc'])]) {
    const path = join(folder, 'config.toml');
    if (!existsSync(path)) continue;
    const name = (await readConfigFile(path)).entries.get('NodeName')?.value;
    if (name !== undefined && name !== '') return { folder, name: String(name), isUsual: folder === usual };
  }
  return undefined;
}
