import type { FleetUser } from './fleet-users.ts';

/** The first words of a configuration that is written here; a file with other ones is not replaced. */
export const NATS_CONFIG_MARK = '# nats-server for a fleet of steward';

/** What a configuration says besides its users. */
export interface NatsConfigOptions {
  readonly host?: string;
  readonly port: number;
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca?: string };
}

/** The text of a nats-server configuration with these users. */
export function natsConfig(users: readonly FleetUser[], { host, port, tls }: NatsConfigOptions): string {
  const lines = [
    `${NATS_CONFIG_MARK}, made by: steward broker-config`,
    '# Each node signs in with its nkey (nkeySeedFile) and may do no more than it needs.',
    '',
    ...(host === undefined ? [] : [`host: ${JSON.stringify(host)}`]),
    `port: ${port}`,
    '',
    '# A thin link is slow to read what is written to it at once: the usual 10 s would cut it in the midst of that.',
    'write_deadline: "60s"',
    '# Nodes ask a silent broker themselves, metered ones every 288 s; this finds connections of which nothing is left, within 10 min.',
    'ping_interval: "5m"',
    'ping_max: 1',
    ...(tls ? ['', ...tlsBlock(tls)] : []),
    '',
    'authorization {',
    '  users = [',
    ...users.flatMap(userBlock),
    '  ]',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function tlsBlock({ certificate, key, ca }: NonNullable<NatsConfigOptions['tls']>): string[] {
  return [
    'tls {',
    `  cert_file: ${JSON.stringify(certificate)}`,
    `  key_file: ${JSON.stringify(key)}`,
    ...(ca === undefined ? [] : [`  ca_file: ${JSON.stringify(ca)}`, '  verify: true']),
    '}',
  ];
}

function userBlock({ name, nkey, permissions: { publish, subscribe } }: FleetUser): string[] {
  return [
    '    {',
    `      # ${name}`,
    `      nkey: ${nkey}`,
    '      permissions {',
    ...allowBlock('publish', publish.allow),
    ...allowBlock('subscribe', subscribe.allow),
    '      }',
    '    }',
  ];
}

function allowBlock(operation: string, subjects: readonly string[]): string[] {
  return [
    `        ${operation} {`,
    '          allow: [',
    ...subjects.map((subject) => `            ${JSON.stringify(subject)}`),
    '          ]',
    '        }',
  ];
}
