import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Built, buildBin } from './bin-build.ts';
import { engineOf } from './bin-engine.ts';
import { BinError } from './bin-error.ts';
import { licencesText } from './bin-licences.ts';
import { ENGINE_VERSION, ownTarget, TARGETS, type Target } from './bin-targets.ts';
import { buildWeb } from './build-web.ts';

const ROOT = join(import.meta.dirname, '..');
const NAMES = TARGETS.map(({ name }) => name).join(', ');

const USAGE = `Usage: npm run build:bin -- [--out FOLDER] [--cache FOLDER] [target]...

Makes Steward as a single executable file for each target (all of them where none is named) in build/bin, and
SHA256SUMS and LICENCES.txt (of all that is in them) next to them. Targets: ${NAMES};
"own" is the one of this machine.

The engine inside is Bun ${ENGINE_VERSION}. npm installs it into build/cache (--cache) for each target, 100 MB each.
Exit code 1 means that something failed, 3 that npm's registry could not be reached.
`;

try {
  await run();
} catch (error) {
  if (!(error instanceof BinError)) throw error;
  console.error(`build:bin: ${error.message}`);
  process.exitCode = error.code === 'unavailable' ? 3 : 1;
}

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: join(ROOT, 'build/bin') },
      cache: { type: 'string', default: join(ROOT, 'build/cache') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  if (!existsSync(join(ROOT, 'node_modules'))) throw new BinError('failed', 'run npm ci first');
  const own = ownTarget();
  if (own === undefined) {
    const here = `${process.platform}-${process.arch}`;
    throw new BinError('failed', `it cannot be made on ${here}: do so on one of ${NAMES}`);
  }
  const named = positionals.map((name) => (name === 'own' ? own : targetNamed(name)));
  const targets = named.length === 0 ? TARGETS : named;
  const [folder, cache] = [resolve(values.out), resolve(values.cache)];
  mkdirSync(folder, { recursive: true });
  await buildWeb();
  const compiler = engineOf(own, cache);
  for (const target of targets) {
    const built = buildBin({ target, compiler, engine: engineOf(target, cache), folder });
    if (target === own) tryOut(built);
    console.log(`${built.fileName.padEnd(26)} ${(built.bytes / 1e6).toFixed(0)} MB  sha256 ${built.sha256}`);
  }
  writeSums(folder);
  writeFileSync(join(folder, 'LICENCES.txt'), licencesText());
}

function targetNamed(name: string): Target {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target === undefined)
    throw new BinError('failed', `there is no target ${JSON.stringify(name)}: take one of ${NAMES}`);
  return target;
}

/** The one that can run here must say its version. */
function tryOut({ path, fileName }: Built): void {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const { stdout, stderr } = spawnSync(path, ['version'], { cwd: '/', encoding: 'utf8', timeout: 20_000 });
  if (!stdout.includes(version)) throw new BinError('failed', `${fileName} does not run: ${stdout}${stderr}`);
}

/** Of all that lie in the folder, also those of an earlier run. */
function writeSums(folder: string): void {
  const names = readdirSync(folder)
    .filter((name) => name.startsWith('steward-'))
    .sort();
  const lines = names.map((name) => {
    const sum = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    return `${sum}  ${name}\n`;
  });
  writeFileSync(join(folder, 'SHA256SUMS'), lines.join(''));
}
