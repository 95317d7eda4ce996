import { isAbsolute, resolve } from 'node:path';
import type { InstallDeps, ServiceDeps } from '../../service/install-service.ts';
import type { ServicePlan } from '../../service/service-plan.ts';
import { defineCommand, EXIT, UsageError } from '../line/command.ts';
import { rootOf, SERVICE_OPTIONS, type ServiceCall } from './service/service-options.ts';

const ACTIONS = ['install', 'uninstall', 'status'] as const;

/** Makes the node a service of systemd, removes it, or tells how it does. */
export const serviceCommand = defineCommand({
  usage: ['service install [options] [-- NODE_FLAG...]', 'service uninstall [--purge]', 'service status'],
  about: [
    'Makes this program a service of systemd, which starts with the machine and after every fault. Flags of',
    'the node follow a bare -- and are written to config.toml, where they can be changed later.',
    '',
    'What the commands of operators may do is a choice (--hardened):',
    '  commands   all that the user may do, sudo included; the default for --user root',
    '  contained  no more rights than the user has, the system read-only, a /tmp of its own; the default',
    '  strict     only the own folders can be written, few system calls; for a node that runs no commands',
  ],
  options: SERVICE_OPTIONS,
  operands: [ACTIONS, 'none'],
  examples: [
    {
      line: 'sudo steward service install -- -nodeName=ship1 -centralNodeName=central -brokerAddress=broker:4222',
      does: 'a node that runs as the user steward',
    },
    {
      line: 'sudo steward service install --user root -- -nodeName=ship1 -centralNodeName=central',
      does: 'one whose commands administer the machine',
    },
    {
      line: 'steward service status',
      does: 'whether it runs, since when, and what steward doctor says first',
    },
    { line: 'sudo steward service uninstall', does: 'remove it; configuration and data are kept' },
  ],
  run: async (call) => {
    const [action, ...extra] = call.operands;
    if (extra.length > 0)
      throw new UsageError(
        `service takes one word: flags of the node follow a bare -- (${JSON.stringify(extra[0])})`,
      );
    if (action === 'install') return install(call);
    if (action === 'uninstall') return uninstall(call);
    if (action === 'status') return (await import('./service/service-status.ts')).printServiceStatus(call);
    const said = action === undefined ? 'needs a word' : `knows no ${JSON.stringify(action)}`;
    throw new UsageError(`service ${said}: ${ACTIONS.join(', ')} (steward service --help)`);
  },
});

async function install(call: ServiceCall): Promise<number> {
  const { options, stdout } = call;
  if (options.purge) throw new UsageError('--purge belongs to service uninstall');
  const { planService } = await import('../../service/service-plan.ts');
  const { installService } = await import('../../service/install-service.ts');
  const { unitText } = await import('../../service/unit-text.ts');
  const { ownProgram } = await import('../../lib/own-program.ts');
  const plan = planService({
    ...{ name: options.name, user: options.user, hardening: options.hardened },
    ...{ configFolder: options['config-folder'], stateFolder: options['state-folder'] },
  });
  const { command, args } = ownProgram();
  const program = [command, ...args];
  const isDryRun = options['dry-run'] === true;
  const deps: InstallDeps = {
    ...(await serviceDeps(call)),
    saveConfig: (folder, { isNew, isDryRun }) => saveConfig(call, { folder, isNew, plan, isDryRun }),
  };
  await installService({ plan, program, root: rootOf(call), isDryRun }, deps);
  const name = options.name === undefined ? '' : ` --name ${plan.name}`;
  if (isDryRun) stdout.write(`\n${unitText(plan, program)}`);
  else
    stdout.write(
      `\nsteward service status${name} tells how it does, journalctl -u ${plan.name} what it says.\n`,
    );
  return EXIT.ok;
}

async function uninstall(call: ServiceCall): Promise<number> {
  if (call.rest !== undefined) throw new UsageError('service uninstall takes no flags of a node');
  const { DEFAULT_NAME, planService } = await import('../../service/service-plan.ts');
  const { uninstallService } = await import('../../service/uninstall-service.ts');
  const { name = DEFAULT_NAME, purge = false, 'dry-run': isDryRun = false } = call.options;
  planService({ name });
  await uninstallService({ name, root: rootOf(call), isDryRun, isPurge: purge }, await serviceDeps(call));
  return EXIT.ok;
}

async function serviceDeps({ stdout }: ServiceCall): Promise<ServiceDeps> {
  const { runProgram } = await import('../../service/run-program.ts');
  const { Systemd } = await import('../../service/systemd.ts');
  return {
    run: runProgram,
    tell: (text) => void stdout.write(`${text}\n`),
    isSystemdRunning: Systemd.isRunning,
    uid: process.getuid?.(),
  };
}

/** The flags, and in a new file the service's folders, go into config.toml; the environment here is not the service's. */
async function saveConfig(
  { rest = [] }: ServiceCall,
  { folder, isNew, plan, isDryRun }: { folder: string; isNew: boolean; plan: ServicePlan; isDryRun: boolean },
): Promise<void> {
  const { loadConfig, readConfig } = await import('../../config/load-config.ts');
  const folders = [
    `-databaseFolder=${plan.stateFolder}`,
    `-subscribersDataFolder=${plan.stateFolder}/data`,
    `-socketFolder=${plan.socketFolder}`,
  ];
  const given = { args: [`-configFolder=${folder}`, ...(isNew ? folders : []), ...rest], env: {} };
  const { config } = await readConfig(given);
  for (const [option, key] of FILES) {
    const path = config[key];
    if (path !== '' && !isAbsolute(path))
      throw new UsageError(
        `-${option}=${path} is no absolute path, which a service needs: ${resolve(path)}?`,
      );
  }
  if (!isDryRun) await loadConfig(given);
}

const FILES = [
  ['nkeySeedFile', 'nkeySeedFile'],
  ['credsFile', 'credsFile'],
  ['rootCAPath', 'rootCaPath'],
  ['tlsCertFile', 'tlsCertFile'],
  ['tlsKeyFile', 'tlsKeyFile'],
  ['listenerTokenFile', 'listenerTokenFile'],
  ['lookTokenFile', 'lookTokenFile'],
] as const;
