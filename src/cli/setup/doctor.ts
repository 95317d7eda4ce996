import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DoctorOptions } from '../../doctor/doctor.ts';
import type { Finding, Verdict } from '../../doctor/finding.ts';
import { toJson, visibleLine } from '../../lib/visible.ts';
import { defineCommand, EXIT, type ParsedCall } from '../line/command.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { DEFAULT_FOLDER } from './node-folder.ts';

const OPTIONS = {
  'config-folder': {
    value: 'FOLDER',
    summary: 'folder of config.toml; default: CONFIG_FOLDER, ./etc, ./steward/etc, then /etc/steward',
    completes: 'folder',
  },
  'from-original': {
    value: 'FOLDER',
    summary: 'look at the folder of a node of the original, before this program takes it over',
    completes: 'folder',
  },
  'nats-server': {
    value: 'FILE|URL',
    summary: "the broker's configuration, or its monitoring port, to see whether it is set for thin links",
    completes: 'file',
  },
  thorough: { summary: 'look through a large database too, which may take minutes' },
  json: { summary: 'print one JSON document' },
} as const;

type Call = ParsedCall<typeof OPTIONS>;

/** Looks at what a node needs and says what to do. */
export const doctorCommand = defineCommand({
  usage: ['doctor [options] [-- NODE_FLAG...]'],
  about: [
    'Looks at what a node needs: its configuration, folders and disks, database, clock, the limits of the',
    'machine, its service and socket, the broker, and what the broker allows it. Each line says ok, warn or',
    'FAIL, and what to do. It changes nothing and does not disturb a running node. Run it as the user that',
    'runs the node: another user may see less, or more.',
    '',
    'With --from-original FOLDER it reads the folder in which a node of the original runs, or its configuration',
    'folder, and prints what its configuration means here, what will differ, and, as JSON, what waits in its',
    'queue; this program never sends that.',
    '',
    'It checks write_deadline and ping_interval of nats-server if --nats-server names its configuration or its',
    'monitoring port, or if its configuration is on the machine of the node.',
    '',
    'Flags of the node may follow a bare --, as for a start. Exit code 0: no FAIL; 1: some.',
  ],
  options: OPTIONS,
  noOperands: 'flags of the node follow a bare --',
  examples: [
    {
      line: 'steward doctor',
      does: 'the node whose configuration is in ./etc, ./steward/etc or /etc/steward',
    },
    {
      line: 'sudo -u steward steward doctor --config-folder /etc/steward',
      does: 'the node that is a service',
    },
    {
      line: 'steward doctor --from-original /usr/local/steward',
      does: 'before the change from the original',
    },
    {
      line: 'steward doctor --nats-server http://127.0.0.1:8222',
      does: 'also whether nats-server is set for thin links',
    },
    {
      line: 'steward doctor -- -nodeName=ship1 -centralNodeName=central -brokerAddress=tls://broker.example',
      does: 'before the first start: would these settings work?',
    },
  ],
  run: async (call) => {
    const seen: Finding[] = [];
    const left: unknown[] = [];
    const terminal = terminalOf(call.stdout, call);
    for await (const finding of examineNode(call, left)) {
      seen.push(finding);
      if (call.options.json !== true) call.stdout.write(findingLines(finding, terminal));
    }
    const count = (verdict: Verdict) => seen.filter((finding) => finding.verdict === verdict).length;
    if (call.options.json === true)
      call.stdout.write(`${toJson({ ok: count('fail') === 0, findings: seen, ...asked(call, left) }, 2)}\n`);
    else
      call.stdout.write(
        `${left.map((message) => `\n${toJson(message)}`).join('')}\n${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed\n`,
      );
    return count('fail') === 0 ? EXIT.ok : EXIT.fault;
  },
});

/** What doctor finds about the node of a configuration folder, as it finds it; a configuration's fault is a finding. */
export async function* findingsOf(
  folder: string,
  {
    flags,
    call,
    ...more
  }: Omit<DoctorOptions, 'version'> & { flags: readonly string[]; call: Pick<Call, 'env'> },
): AsyncGenerator<Finding> {
  const { readConfig } = await import('../../config/load-config.ts');
  const { ConfigError } = await import('../../config/config-error.ts');
  const { examine, examineMachine } = await import('../../doctor/doctor.ts');
  const { checkService } = await import('./service/check-service.ts');
  const { readVersion } = await import('../program/version.ts');
  const options = { version: readVersion(), ...more };
  const deps = { now: Date.now, checkService: () => checkService(folder) };
  try {
    const node = await readConfig({ args: [`-configFolder=${folder}`, ...flags], env: call.env });
    yield* examine(node, options, deps);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield { check: 'config', verdict: 'fail', text: error.message };
    yield* examineMachine(options, deps);
  }
}

/** What the queue of the original holds, where its folder was looked at. */
function asked({ options }: Call, left: readonly unknown[]): { readonly queue?: readonly unknown[] } {
  return options['from-original'] === undefined ? {} : { queue: left };
}

function examineNode(call: Call, left: unknown[]): AsyncGenerator<Finding> {
  const original = call.options['from-original'];
  if (original !== undefined) return examineOriginalNode(original, call, left);
  const { thorough: isThorough = false, 'nats-server': natsServer } = call.options;
  return findingsOf(configFolderOf(call), { flags: call.rest ?? [], call, isThorough, natsServer });
}

async function* examineOriginalNode(folder: string, call: Call, left: unknown[]): AsyncGenerator<Finding> {
  const { readConfig } = await import('../../config/load-config.ts');
  const { ConfigError } = await import('../../config/config-error.ts');
  const { examineOriginal, originalConfigFolder } = await import('../../doctor/examine-original.ts');
  const configFolder = originalConfigFolder(folder);
  if (!existsSync(join(configFolder, 'config.toml'))) {
    const advice = 'name the folder in which the original is run, or the one that its CONFIG_FOLDER names';
    yield {
      check: 'config',
      verdict: 'fail',
      text: `there is no config.toml in ${folder} or its etc`,
      advice,
    };
    return;
  }
  try {
    const args = [`-configFolder=${configFolder}`, ...(call.rest ?? [])];
    const node = await readConfig({ args, env: call.env });
    yield* examineOriginal(folder, { ...node, env: call.env }, ({ messages }) => left.push(...messages));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield { check: 'config', verdict: 'fail', text: error.message };
  }
}

function configFolderOf({ options, env }: Call): string {
  const told = options['config-folder'] ?? (env.CONFIG_FOLDER || undefined);
  if (told !== undefined) return told;
  const usual = ['./etc', `${DEFAULT_FOLDER}/etc`, '/etc/steward'];
  return usual.find((folder) => existsSync(join(folder, 'config.toml'))) ?? usual[0]!;
}

const SIGNS: Readonly<Record<Verdict, readonly [text: string, format: 'green' | 'yellow' | 'red']>> = {
  ok: ['ok  ', 'green'],
  warn: ['warn', 'yellow'],
  fail: ['FAIL', 'red'],
};
const CHECK_WIDTH = 12;

function findingLines({ check, verdict, text, advice }: Finding, terminal: Terminal): string {
  const [sign, format] = SIGNS[verdict];
  const head = `${terminal.style(format, sign)}  ${check.padEnd(CHECK_WIDTH)}${visibleLine(text)}\n`;
  return advice === undefined ? head : `${head}${' '.repeat(6 + CHECK_WIDTH)}-> ${visibleLine(advice)}\n`;
}
