import { defineCommand, type ParsedCall, UsageError } from '../line/command.ts';

const OPTIONS = {
  out: { value: 'FILE', summary: 'where the seed goes; default NAME.nk, or node.nk', completes: 'file' },
  name: { value: 'NODE', summary: 'the node that it is for, printed before the key' },
  force: { summary: 'replace a file that exists; the key in it is lost' },
} as const;

type Call = ParsedCall<typeof OPTIONS>;

/** Makes, shows and converts the keys that nodes sign in with. */
export const keysCommand = defineCommand({
  usage: ['keys make [--name NODE] [--out FILE]', 'keys show FILE...', 'keys convert SSH_KEY --out FILE'],
  about: [
    'Keys that nodes sign in with at a NATS broker (nkeys). The seed is the secret: it stays on the node,',
    'in a file that only its owner can read, which the node finds by -nkeySeedFile. The public key is for',
    'the broker: steward broker-config writes it into a configuration.',
    '',
    'make     a new key; prints the public one, as NODE=KEY where --name is given',
    'show     the public key of a seed, a .creds file, an OpenSSH ed25519 key or its .pub file',
    'convert  the seed made of an OpenSSH ed25519 key, or the public nkey of its .pub file',
  ],
  options: OPTIONS,
  operands: [['make', 'show', 'convert'], 'file'],
  examples: [
    {
      line: 'steward keys make --name ship1 --out ship1.nk',
      does: 'a new key, for --node of steward broker-config',
    },
    { line: 'steward keys show ship1.nk', does: 'its public key once more' },
    {
      line: 'steward keys convert ~/.ssh/id_ed25519 --out ship1.nk',
      does: 'use a key that the machine has already',
    },
  ],
  run: async (call) => {
    const [action, ...files] = call.operands;
    if (action === 'make') return make(call, files);
    if (action === 'show') return show(call, files);
    if (action === 'convert') return convert(call, files);
    throw new UsageError(
      `keys ${action === undefined ? 'needs a word' : `knows no ${JSON.stringify(action)}`}: make, show or convert (steward keys --help)`,
    );
  },
});

async function make(call: Call, extra: readonly string[]): Promise<number> {
  if (extra.length > 0)
    throw new UsageError(`keys make takes no ${JSON.stringify(extra[0])}: the file is given by --out`);
  const { nodeNameFault } = await import('../../message/names.ts');
  const { makeUserKey } = await import('../../lib/nkey.ts');
  const { name } = call.options;
  const fault = name === undefined ? undefined : nodeNameFault(name);
  if (fault !== undefined)
    throw new UsageError(`--name ${JSON.stringify(name)} is no node name: it ${fault}`);
  const out = call.options.out ?? `${name ?? 'node'}.nk`;
  const { seed, publicKey } = makeUserKey();
  await save(call, { out, seed, publicKey });
  return 0;
}

async function show(call: Call, files: readonly string[]): Promise<number> {
  if (files.length === 0) throw new UsageError('keys show needs a file: steward keys show FILE');
  const { publicKeyOfFile } = await import('../../security/key-files.ts');
  for (const file of files) {
    const key = await publicKeyOfFile(file);
    call.stdout.write(files.length === 1 ? `${key}\n` : `${key}  ${file}\n`);
  }
  return 0;
}

async function convert(call: Call, files: readonly string[]): Promise<number> {
  const [file, ...extra] = files;
  if (file === undefined || extra.length > 0)
    throw new UsageError('keys convert needs one file: steward keys convert SSH_KEY --out FILE');
  const { convertSshKey, publicKeyOfFile } = await import('../../security/key-files.ts');
  if (file.endsWith('.pub')) {
    call.stdout.write(`${await publicKeyOfFile(file)}\n`);
    return 0;
  }
  const seed = await convertSshKey(file);
  const { publicKeyOfSeed } = await import('../../lib/nkey.ts');
  const { out } = call.options;
  if (out === undefined) throw new UsageError('keys convert needs --out FILE for the seed');
  await save(call, { out, seed, publicKey: publicKeyOfSeed(seed)! });
  return 0;
}

async function save(
  { options, stdout, stderr }: Call,
  { out, seed, publicKey }: { out: string; seed: string; publicKey: string },
): Promise<void> {
  const { nodeNameFault } = await import('../../message/names.ts');
  const { name } = options;
  const fault = name === undefined ? undefined : nodeNameFault(name);
  if (fault !== undefined)
    throw new UsageError(`--name ${JSON.stringify(name)} is no node name: it ${fault}`);
  const { writeSeedFile } = await import('../../security/key-files.ts');
  await writeSeedFile(out, seed, { isForced: options.force === true });
  stdout.write(name === undefined ? `${publicKey}\n` : `${name}=${publicKey}\n`);
  stderr.write(
    `The seed is in ${out}, which only its owner can read. The broker is told the public key above.\n`,
  );
}
