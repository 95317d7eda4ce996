import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** What was kept of a version that landed; scripts/keep-version.ts makes it. */
export interface LandedVersion {
  readonly name: string;
  /** How its program is started: the nodes of that version run it. */
  readonly command: readonly string[];
  /** What went over the wire between nodes of that version, in order. */
  readonly wire: readonly LandedWire[];
  /** Lays the database that a node of that version had when it was cut off into a folder. */
  layDatabase(node: string, databaseFolder: string): Promise<void>;
}

/** A message or an answer as nodes of a landed version sent it; the payload in base64. */
export interface LandedWire {
  readonly subject: string;
  readonly reply: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
}

const ROOT = join(import.meta.dirname, '../..');
const LANDED = join(ROOT, 'test/landed');
/** Within the project, so that an old program finds the project's packages. */
const UNPACKED = join(ROOT, 'build/landed');
/**
 * What was landed grows old, and must not end for its age. Variables, because a version that knows no such setting
 * passes over them.
 */
export const AGELESS: NodeJS.ProcessEnv = {
  MESSAGE_TTL: '315360000',
  LEDGER_KEEP_DAYS: '36500',
  JOURNAL_KEEP_DAYS: '36500',
};

/** All versions that landed, the oldest first. */
export function landedVersions(): LandedVersion[] {
  return readdirSync(LANDED, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => landedVersion(name))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function landedVersion(name: string): LandedVersion {
  const folder = join(LANDED, name);
  return {
    name,
    get command() {
      return [process.execPath, '--disable-warning=ExperimentalWarning', unpacked(name)];
    },
    get wire() {
      return JSON.parse(readFileSync(join(folder, 'wire.json'), 'utf8')) as LandedWire[];
    },
    layDatabase: async (node, databaseFolder) => {
      const packed = await readFile(join(folder, `${node}.db.br`));
      await mkdir(databaseFolder, { recursive: true });
      await writeFile(join(databaseFolder, 'steward.db'), brotliDecompressSync(packed));
    },
  };
}

/** The main module of a landed program, unpacked once for all that need it. */
function unpacked(name: string): string {
  const folder = join(UNPACKED, name);
  const main = join(folder, 'dist/main.js');
  const packed = join(LANDED, name, 'program.tar.br');
  if (existsSync(main)) return main;
  // Test files run at the same time: each unpacks for itself, and the first one wins.
  const own = join(UNPACKED, `.${name}-${process.pid}`);
  mkdirSync(own, { recursive: true });
  execFileSync('tar', ['-x', '-C', own], { input: brotliDecompressSync(readFileSync(packed)) });
  writeFileSync(join(own, 'NOTE'), `unpacked from ${packed}\n`);
  try {
    renameSync(own, folder);
  } catch (error) {
    rmSync(own, { recursive: true });
    if (!existsSync(main)) throw error;
  }
  return main;
}
