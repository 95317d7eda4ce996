import { join } from 'node:path';
import { socketFault } from '../lib/socket-fault.ts';
import { type Finding, finding } from './finding.ts';

const PATIENCE_MS = 2000;

/** Whether a node runs with these settings, by its socket; `undefined` where this user may not ask. */
export interface SocketLook {
  readonly isRunning: boolean | undefined;
  readonly findings: readonly Finding[];
}

/** Whether a node takes submissions on its socket. */
export async function checkSocket(folder: string): Promise<SocketLook> {
  const path = join(folder, 'steward.sock');
  const fault = await socketFault(path, PATIENCE_MS);
  if (fault === undefined)
    return { isRunning: true, findings: [finding('socket', 'ok', `a node runs and listens on ${path}`)] };
  const code = fault.code ?? fault.message;
  if (code === 'ENOENT')
    return {
      isRunning: false,
      findings: [finding('socket', 'ok', `no node runs here: ${path} is not there`)],
    };
  if (code === 'ECONNREFUSED') {
    const text = `no node runs here: ${path} was left by one that was killed, the next start replaces it`;
    return { isRunning: false, findings: [finding('socket', 'ok', text)] };
  }
  const advice = 'run this as the user that runs the node';
  return {
    isRunning: undefined,
    findings: [finding('socket', 'warn', `${path} cannot be asked (${code})`, advice)],
  };
}
