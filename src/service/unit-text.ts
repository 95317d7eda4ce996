import type { Hardening, ServicePlan } from './service-plan.ts';
import { stateDirectoryOf } from './service-plan.ts';

/** The text of a service's unit. `program` is what starts a node: a path and its first arguments. */
export function unitText(plan: ServicePlan, program: readonly string[]): string {
  const { name, user, configFolder, stateFolder, hardening } = plan;
  return `${[
    `# Made by: steward service install. Changes are lost at the next one; make them with: systemctl edit ${name}`,
    '[Unit]',
    `Description=Steward node (${name})`,
    'After=network.target',
    `RequiresMountsFor=${quoted(configFolder)} ${quoted(stateFolder)}`,
    '# A node that cannot start tries again for as long as it takes; nobody may be there to start it.',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${[...program, 'run', `-configFolder=${configFolder}`].map(quoted).join(' ')}`,
    `User=${user}`,
    `WorkingDirectory=${stateFolder}`,
    ...folderLines(plan),
    'Restart=always',
    'RestartSec=5',
    '# A node stops within 10 s: it ends its commands and writes down what is known. What commands have left running in',
    '# the background ends with it; what is to live on belongs into a unit of its own (systemd-run).',
    'KillMode=mixed',
    'TimeoutStopSec=20',
    '# A command that takes too much memory is ended alone; its node goes on and reports it.',
    'OOMPolicy=continue',
    'LimitNOFILE=65536',
    'TasksMax=infinity',
    '',
    ...hardeningLines(hardening, plan),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
    '# Read by steward service status and uninstall.',
    '[X-Steward]',
    `ConfigFolder=${configFolder}`,
    `StateFolder=${stateFolder}`,
  ].join('\n')}\n`;
}

/** What a unit of ours says of itself; undefined for a unit of somebody else. */
export function readUnit(
  text: string,
): { configFolder: string; stateFolder: string; user: string; execStart: string } | undefined {
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];
  const [configFolder, stateFolder] = [value('ConfigFolder'), value('StateFolder')];
  if (!text.includes('[X-Steward]') || configFolder === undefined || stateFolder === undefined)
    return undefined;
  return { configFolder, stateFolder, user: value('User') ?? 'root', execStart: value('ExecStart') ?? '' };
}

function folderLines(plan: ServicePlan): string[] {
  const state = stateDirectoryOf(plan);
  return [
    ...(state === undefined ? [] : [`StateDirectory=${state}`, 'StateDirectoryMode=0750']),
    `RuntimeDirectory=${plan.name}`,
    'RuntimeDirectoryMode=0750',
  ];
}

const ABOUT: Readonly<Record<Hardening, readonly string[]>> = {
  commands: [
    `# --hardened commands: the node runs what operators ask for, which may be anything that its user may do,`,
    '# sudo included. Who may ask is a matter of the permissions at the broker.',
  ],
  contained: [
    '# --hardened contained: commands get no more rights than the user has (no sudo), and cannot change the system:',
    '# /usr, /boot and /etc are read-only but for the config folder, /home too, and /tmp is their own.',
  ],
  strict: [
    '# --hardened strict: nothing but its own folders can be written, other users and devices cannot be seen, and',
    '# system calls that an ordinary program does not make are refused.',
  ],
};

const CONTAINED = [
  ...['NoNewPrivileges=yes', 'PrivateTmp=yes', 'RestrictSUIDSGID=yes', 'LockPersonality=yes'],
  ...['ProtectKernelTunables=yes', 'ProtectKernelModules=yes', 'ProtectKernelLogs=yes'],
  ...['ProtectControlGroups=yes', 'ProtectClock=yes', 'ProtectHostname=yes'],
  ...['RestrictRealtime=yes', 'RestrictNamespaces=yes', 'SystemCallArchitectures=native'],
  ...['RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK'],
];

const STRICT = [
  ...['PrivateDevices=yes', 'ProtectProc=invisible', 'RemoveIPC=yes', 'UMask=0077', 'KeyringMode=private'],
  ...['SystemCallFilter=@system-service', 'SystemCallErrorNumber=EPERM'],
];

/** MemoryDenyWriteExecute is in none of them: the engine compiles as it runs. */
function hardeningLines(level: Hardening, { user, configFolder, stateFolder }: ServicePlan): string[] {
  if (level === 'commands') return [...ABOUT.commands];
  const writable = `ReadWritePaths=${quoted(configFolder)} ${quoted(stateFolder)}`;
  // root without capabilities could not even read other users' files.
  const capabilities = user === 'root' ? [] : ['CapabilityBoundingSet=', 'AmbientCapabilities='];
  const system =
    level === 'strict'
      ? ['ProtectSystem=strict', 'ProtectHome=yes']
      : ['ProtectSystem=full', 'ProtectHome=read-only'];
  return [
    ...ABOUT[level],
    ...system,
    writable,
    ...CONTAINED,
    ...(level === 'strict' ? STRICT : []),
    ...capabilities,
  ];
}

/** A word of a unit's line: spaces quoted, specifiers and variables as the signs that they are. */
function quoted(word: string): string {
  const plain = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[^\s"'\\;]+$/.test(plain)) return plain;
  return `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
