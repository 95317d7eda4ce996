import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { BinError } from './bin-error.ts';
import { fileNameOf, type Target } from './bin-targets.ts';

const ROOT = join(import.meta.dirname, '..');

/** The program, and the modules that threads of it run: what `entryPoint` of src/lib/own-file.ts is asked for. */
export const ENTRY_POINTS = [
  'src/main.ts',
  'src/store/worker.ts',
  'src/store/reader.ts',
  'src/broker/worker.ts',
];

/** Files of the package that the program reads, by `ownFile` of src/lib/own-file.ts. */
export const ASSETS = ['package.json', 'dist/web.json'];

/** Files lying where the program is started must not change what it does. */
const SEALED = ['dotenv', 'bunfig', 'tsconfig', 'package-json'].map(
  (kind) => `--no-compile-autoload-${kind}`,
);

/** A tool for those who develop with ink, which asks for it with DEV=true alone. */
const WITHOUT_TOOLS = ['--external', 'react-devtools-core'];

/** Machine-independent code made ahead of time, loaded in parts: it starts in a fifth of the time. */
const FAST_START = ['--bytecode', '--format=esm', '--splitting', '--minify', '--keep-names'];

export interface BuildOptions {
  readonly target: Target;
  /** The engine that compiles, which must run here. */
  readonly compiler: string;
  /** The engine that goes into the file. */
  readonly engine: string;
  readonly folder: string;
}

/** What was made. */
export interface Built {
  readonly path: string;
  readonly fileName: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Makes the single-file program of one target. Throws BinError. */
export function buildBin({ target, compiler, engine, folder }: BuildOptions): Built {
  const fileName = fileNameOf(target);
  const work = join(folder, `.work-${process.pid}`);
  mkdirSync(work, { recursive: true });
  try {
    const made = join(work, fileName);
    const flags = [
      ...['build', '--compile', `--target=${target.compilerTarget}`, `--compile-executable-path=${engine}`],
      ...[...SEALED, ...WITHOUT_TOOLS, ...FAST_START, '--sourcemap=inline'],
      ...ASSETS.map((asset) => `--asset=${asset}`),
      ...['--outfile', made, ...ENTRY_POINTS],
    ];
    const { status, stderr, stdout } = spawnSync(compiler, flags, { cwd: ROOT, encoding: 'utf8' });
    if (status !== 0) {
      const text = `${stdout}\n${stderr}`.trim();
      throw new BinError('failed', `${fileName} could not be compiled (exit code ${status}):\n${text}`);
    }
    expectFormat(made, target);
    chmodSync(made, 0o755);
    const path = join(folder, fileName);
    renameSync(made, path);
    const bytes = readFileSync(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { path, fileName, bytes: bytes.length, sha256 };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** That the file is an executable of the target's system, and not of the one that it was made on. */
function expectFormat(path: string, target: Target): void {
  const found = formatOf(path);
  const expected = `${target.os}-${target.cpu}`;
  if (found === expected) return;
  throw new BinError('failed', `${path} should be an executable for ${expected}, but is one for ${found}`);
}

const ELF_MACHINES: Readonly<Record<number, string>> = { 62: 'x64', 183: 'arm64' };
const MACH_CPUS: Readonly<Record<number, string>> = { 16777223: 'x64', 16777228: 'arm64' };
const PE_MACHINES: Readonly<Record<number, string>> = { 34404: 'x64', 43620: 'arm64' };

function formatOf(path: string): string {
  const head = Buffer.alloc(4096);
  const descriptor = openSync(path, 'r');
  try {
    readSync(descriptor, head);
  } finally {
    closeSync(descriptor);
  }
  if (head.subarray(0, 4).toString('latin1') === '\x7fELF')
    return `linux-${ELF_MACHINES[head.readUInt16LE(18)]}`;
  if (head.readUInt32LE(0) === 0xfeedfacf) return `darwin-${MACH_CPUS[head.readUInt32LE(4)]}`;
  const pe = head.readUInt32LE(60);
  if (head.toString('latin1', 0, 2) === 'MZ' && pe < head.length - 6)
    return `win32-${PE_MACHINES[head.readUInt16LE(pe + 4)]}`;
  return 'no system that is known';
}
