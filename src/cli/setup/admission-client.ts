import { once } from 'node:events';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { readConfig } from '../../config/load-config.ts';
import { foreignWriter, ownerOf } from '../../lib/folder-writers.ts';
import { joinWords } from '../../lib/shell-words.ts';
import { shortSocketPath } from '../../lib/short-socket-path.ts';
import { errorCode } from '../../lib/system-fault.ts';
import {
  ADMISSION_SOCKET,
  type AdmissionOrder,
  type AdmissionReplies,
} from '../../security/admission-orders.ts';
import { UsageError } from '../line/command.ts';

/** How long the central node may say nothing. */
const SILENCE_MS = 30_000;

/** Has the central node of a folder do something about who may join. Throws UsageError with what it has against it. */
export async function orderAdmission<O extends AdmissionOrder>(
  folder: string,
  order: O,
): Promise<AdmissionReplies[O['do']]> {
  const { config } = await readConfig({ args: [`-configFolder=${join(folder, 'etc')}`], env: {} });
  const path = join(config.socketFolder, ADMISSION_SOCKET);
  const user = ownerOf(join(folder, 'etc/config.toml'));
  const writer = foreignWriter(resolve(config.socketFolder), { user, isKnown: false });
  if (writer !== undefined)
    throw new UsageError(
      `the socket ${path} is not used: ${writer}, and may have put it there; run this as the user that the central node runs as, with its -socketFolder in a folder of that user's own`,
    );
  const reply = JSON.parse(await exchange(path, folder, order)) as
    | AdmissionReplies[O['do']]
    | { fault: string };
  if ('fault' in reply) throw new UsageError(reply.fault);
  return reply;
}

async function exchange(path: string, folder: string, order: AdmissionOrder): Promise<string> {
  const socket = connect(shortSocketPath(path));
  try {
    socket.setTimeout(SILENCE_MS, () => socket.destroy(new UsageError(silent(folder))));
    await once(socket, 'connect');
    socket.end(`${JSON.stringify(order)}\n`);
    const text = await readAll(socket);
    if (text !== '') return text;
    throw new UsageError(`the central node in ${folder} stopped before it answered: try again`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = errorCode(error);
    if (code === 'EACCES' || code === 'EPERM')
      throw new UsageError(
        `${path} may not be used by you: run this as the user that the central node runs as, or with sudo`,
      );
    throw new UsageError(
      `no central node that lets others in runs in ${folder} (nobody listens at ${path}): start it with steward up --folder ${joinWords([folder])}`,
    );
  } finally {
    socket.destroy();
  }
}

function silent(folder: string): string {
  return `the central node in ${folder} was silent for ${SILENCE_MS / 1000} s: try again, and look into its log`;
}
