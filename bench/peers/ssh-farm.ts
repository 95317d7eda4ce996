import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChildProgram } from '../../test/support/child-program.ts';
import { freePort } from '../../test/support/free-port.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';

const SSHD = '/usr/sbin/sshd';

/** An sshd on 127.0.0.1 that answers to many names, with a key of its own. */
export interface SshFarm extends AsyncDisposable {
  /** A file for `ssh -F`: each command opens a connection of its own. */
  readonly coldConfig: string;
  /** Another one: connections stay open for the next command. */
  readonly warmConfig: string;
  /** An inventory of Ansible with these hosts; returns its path. */
  inventory(hosts: readonly string[]): string;
}

/** Starts it. Throws where sshd does not run here. */
export async function startSshFarm(): Promise<SshFarm> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await tempFolder());
  const at = (name: string) => join(folder.path, name);
  for (const name of ['host', 'user']) {
    const args = ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)];
    const { status, stderr } = spawnSync('ssh-keygen', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`ssh-keygen ended with ${status}: ${stderr}`);
  }
  const port = await freePort();
  writeFileSync(at('sshd_config'), sshdConfig(port, at));
  // sshd separates its privileges into this folder, which a service manager would make.
  mkdirSync('/run/sshd', { recursive: true });
  const sshd = await ChildProgram.start({ command: SSHD, args: ['-D', '-e', '-f', at('sshd_config')] });
  stack.defer(async () => void (await sshd.kill()));
  await waitFor('sshd to listen', () => {
    if (sshd.exit !== undefined) throw new Error(sshd.output());
    return sshd.stderr.includes('Server listening');
  });
  mkdirSync(at('open'));
  writeFileSync(at('cold'), sshConfig(port, at));
  const shared = [`ControlMaster auto`, `ControlPersist 600`, `ControlPath ${at('open')}/%n`];
  writeFileSync(at('warm'), [sshConfig(port, at), ...shared, ''].join('\n'));
  stack.defer(() => closeConnections(at('warm'), at('open')));
  const running = stack.move();
  return {
    coldConfig: at('cold'),
    warmConfig: at('warm'),
    inventory: (hosts) => {
      writeFileSync(at('inventory'), `${hosts.join('\n')}\n`);
      return at('inventory');
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function sshdConfig(port: number, at: (name: string) => string): string {
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${at('host')}`,
    `AuthorizedKeysFile ${at('user.pub')}`,
    'PermitRootLogin yes',
    'StrictModes no',
    'UsePAM no',
    'MaxStartups 1000',
    `PidFile ${at('pid')}`,
    '',
  ].join('\n');
}

function sshConfig(port: number, at: (name: string) => string): string {
  return [
    'Host *',
    'HostName 127.0.0.1',
    `Port ${port}`,
    'User root',
    `IdentityFile ${at('user')}`,
    'IdentitiesOnly yes',
    'StrictHostKeyChecking no',
    'UserKnownHostsFile /dev/null',
    'LogLevel ERROR',
  ].join('\n');
}

/** Ends the processes that keep connections open: they and their sessions outlive the sshd that began them. */
function closeConnections(config: string, folder: string): void {
  for (const host of readdirSync(folder))
    spawnSync('ssh', ['-F', config, '-O', 'exit', host], { stdio: 'ignore' });
}
