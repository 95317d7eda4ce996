import type { Broker } from './broker.ts';

/** The users of a broker, for its config, with the permissions that the reference documents for its nodes. */
export const REFERENCE_PERMISSIONS = {
  central: { publish: ['>'], subscribe: ['>'] },
  ship1: {
    publish: ['central.>', 'errorCentral.>', 'ship1.>', 'ship2.central.REQRelay.EventACK'],
    subscribe: [
      ...['central.>', 'ship1.>', 'errorCentral.REQErrorLog.EventACK.reply'],
      '*.central.REQRelay.EventACK.reply',
    ],
  },
  ship2: {
    publish: ['central.>', 'errorCentral.>', 'ship2.>'],
    subscribe: ['central.>', 'ship2.>', 'errorCentral.REQErrorLog.EventACK.reply'],
  },
} as const;

interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const PASSWORD = 'secret-of-the-test';

/** The `authorization` block for users who all have one password; `credential` names another way to know them. */
export function authorization(
  users: Readonly<Record<string, Permissions>>,
  credential: (user: string) => string = (user) => `user: ${user}, password: ${PASSWORD}`,
): string {
  const blocks = Object.entries(users).map(([user, { publish, subscribe }]) => {
    const allow = `publish: {allow: ${JSON.stringify(publish)}}, subscribe: {allow: ${JSON.stringify(subscribe)}}`;
    return `{${credential(user)}, permissions: {${allow}}}`;
  });
  return `authorization {\n  users = [\n    ${blocks.join('\n    ')}\n  ]\n}`;
}

/** The broker's address for one of its users. */
export function addressFor(broker: Broker, user: string): { readonly url: string } {
  return { url: `nats://${user}:${PASSWORD}@127.0.0.1:${broker.port}` };
}

/** What a test's own client needs to connect as one of the users. */
export function credentialsOf(user: string): { readonly user: string; readonly pass: string } {
  return { user, pass: PASSWORD };
}
