import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding, Verdict } from '../doctor/finding.ts';
import { defineCommand, type ParsedCall } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { type Terminal, terminalOf } from './terminal.ts';
import { UsageError } from './usage-error.ts';

const OPTIONS = {
  'config-folder': {
    type: 'string',
    value: 'FOLDER',
    summary: 'folder of config.toml; default: CONFIG_FOLDER, ./etc, then /etc/steward',
    completes: 'folder',
  },
  thorough: { type: 'boolean', summary: 'look through a large database too, which may take minutes' },
  json: { type: 'boolean', summary: 'print one JSON document' },
} as const;

type Call = ParsedCall<typeof OPTIONS>;

/** Looks at what a node needs and says what to do. */
export const doctorCommand = defineCommand({
  usage: ['doctor [options] [-- NODE_FLAG...]'],
  about: [
    'Looks at what a node needs: its configuration, folders and disks, database, clock, the limits of the',
    'machine, its service and socket, the broker, and what the broker allows it. Each line says ok, warn or',
    'FAIL, and what to do. Nothing is changed, and a node that runs is not disturbed. Run it as the user that',
    'runs the node: another one may see less, or more.',
    '',
    'Flags of the node may follow a bare --, as for a start. Exit code 0: no FAIL; 1: some.',
  ],
  options: OPTIONS,
  operands: ['none'],
  examples: [
    { line: 'steward doctor', does: 'the node whose configuration is in ./etc or /etc/steward' },
    {
      line: 'sudo -u steward steward doctor --config-folder /etc/steward',
      does: 'the node that is a service',
    },
    {
      line: 'steward doctor -- -nodeName=ship1 -centralNodeName=central -brokerAddress=tls://broker.example',
      does: 'before the first start: would these settings work?',
    },
  ],
  run: async (call) => {
    if (call.operands.length > 0)
      throw new UsageError(
        `doctor takes no ${JSON.stringify(call.operands[0])}: flags of the node follow a bare --`,
      );
    const seen: Finding[] = [];
    const terminal = terminalOf(call.stdout, call);
    for await (const finding of examinePatient(call)) {
      seen.push(finding);
      if (call.options.json !== true) call.stdout.write(findingLines(finding, terminal));
    }
    const count = (verdict: Verdict) => seen.filter((finding) => finding.verdict === verdict).length;
    if (call.options.json === true)
      call.stdout.write(`${JSON.stringify({ ok: count('fail') === 0, findings: seen }, null, 2)}\n`);
    else call.stdout.write(`\n${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed\n`);
    return count('fail') === 0 ? EXIT.ok : EXIT.fault;
  },
});

/** What doctor finds about the node of a configuration folder, as it finds it; a configuration's fault is a finding. */
export async function* findingsOf(
  folder: string,
  { flags, call, isThorough }: { flags: readonly string[]; call: Pick<Call, 'env'>; isThorough: boolean },
): AsyncGenerator<Finding> {
  const { readConfig } = await import('../config/load-config.ts');
  const { ConfigError } = await import('../config/config-error.ts');
  const { examine, examineMachine } = await import('../doctor/doctor.ts');
  const { checkService } = await import('./service/check-service.ts');
  const { readVersion } = await import('./version.ts');
  const options = { version: readVersion(), isThorough };
  const deps = { now: Date.now, checkService: () => checkService(folder) };
  try {
    const patient = await readConfig({ args: [`-configFolder=${folder}`, ...flags], env: call.env });
    yield* examine(patient, options, deps);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    yield { check: 'config', verdict: 'fail', text: error.message };
    yield* examineMachine(options, deps);
  }
}

function examinePatient(call: Call): AsyncGenerator<Finding> {
  const isThorough = call.options.thorough === true;
  return findingsOf(configFolderOf(call), { flags: call.rest ?? [], call, isThorough });
}

function configFolderOf({ options, env }: Call): string {
  const told = options['config-folder'] ?? (env.CONFIG_FOLDER || undefined);
  if (told !== undefined) return told;
  const usual = ['./etc', '/etc/steward'];
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
  const head = `${terminal.style(format, sign)}  ${check.padEnd(CHECK_WIDTH)}${text}\n`;
  return advice === undefined ? head : `${head}${' '.repeat(6 + CHECK_WIDTH)}-> ${advice}\n`;
}
