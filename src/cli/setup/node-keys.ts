import { nodeNameFault } from '../../message/names.ts';
import { publicKeyIn } from '../../security/key-files.ts';
import { UsageError } from '../line/command.ts';
import { readGiven } from '../line/read-given.ts';

/** The public keys of nodes, by name, as options and a file give them. Throws UsageError, which names the place. */
export async function readNodeKeys(given: {
  readonly nodes: readonly string[];
  readonly file: string | undefined;
}): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>();
  const entries = given.nodes.map((text) => ({ text, place: `--node ${text}` }));
  for (const { text, place } of [...entries, ...(await linesOf(given.file))]) {
    const { name, key } = parseEntry(text, place);
    if (keys.has(name)) throw new UsageError(`${place}: ${name} is given twice: each node has one key`);
    keys.set(name, key);
  }
  if (keys.size === 0)
    throw new UsageError('no node is given: --node NAME=KEY for each, or --nodes-file FILE');
  return keys;
}

async function linesOf(file: string | undefined): Promise<{ text: string; place: string }[]> {
  if (file === undefined) return [];
  const text = await readGiven(file, `--nodes-file ${file}`);
  return text
    .toString()
    .split(/\r?\n/)
    .map((line, index) => ({
      text: line.replace(/(^|\s)#.*$/, '').trim(),
      place: `${file} line ${index + 1}`,
    }))
    .filter((line) => line.text !== '');
}

function parseEntry(text: string, place: string): { name: string; key: string } {
  const [, name, rest] = /^([^=\s]+)\s*[=\s]\s*(\S.*)$/.exec(text.trim()) ?? [];
  if (name === undefined || rest === undefined)
    throw new UsageError(`${place}: it is not NAME=KEY, as steward keys make --name NAME prints it`);
  const fault = nodeNameFault(name);
  if (fault !== undefined)
    throw new UsageError(`${place}: ${JSON.stringify(name)} is no node name: it ${fault}`);
  const key = publicKeyIn(rest);
  if (key !== undefined) return { name, key };
  if (/^SU[A-Z2-7]{10,}/.test(rest))
    throw new UsageError(
      `${name}: that is a seed, which belongs on the node alone: give the public key (steward keys show FILE)`,
    );
  throw new UsageError(
    `${place}: the key is neither a public nkey (U and 55 more letters and digits) nor an ssh-ed25519 line`,
  );
}
