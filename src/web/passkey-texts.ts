/** Texts of the console about passkeys. */
export const PASSKEY_TEXTS = {
  signInPasskey: 'If you made a passkey in Settings before, it signs you in:',
  signIn: 'Sign in with a passkey',
  passkeys: 'Passkeys',
  passkeysNone: 'There are none.',
  passkeysCannot: 'This browser has no passkeys here: they need a page that is encrypted, or localhost.',
  passkeyColumns: { name: 'Name', site: 'For', made: 'Made', used: 'Last used' },
  passkeyChange: 'Change',
  passkeyDoes: { 'rename-passkey': 'Rename', 'remove-passkey': 'Remove' },
  passkeyName: 'A new one, by the name',
  passkeyNameHint: 'anna, laptop',
  passkeyMake: 'Make a passkey',
  passkeyMade: (name: string) => `The passkey ${name} is made. It signs in here from now on.`,
  passkeyRenameHow: (name: string) => `The passkey ${name} is to be called`,
  passkeyRenamed: (name: string) => `It is called ${name} now.`,
  passkeyRemoveSure: (name: string) => `Remove the passkey ${name}, and end its sessions?`,
  passkeyRemoved: (name: string) => `The passkey ${name} is removed.`,
  passkeyFaults: {
    NotAllowedError: 'The browser got no answer, or it was called off.',
    InvalidStateError: 'This device has a passkey for this console already.',
    SecurityError: 'The browser takes no passkeys at this address: open the console by its name.',
  },
} as const;
