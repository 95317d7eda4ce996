import { join } from 'node:path';
import type { Finding } from '../../../doctor/finding.ts';
import { durationWords } from '../../../lib/time-words.ts';
import { DEFAULT_NAME } from '../../../service/service-plan.ts';
import { readServiceState, type ServiceState } from '../../../service/service-state.ts';
import { EXIT } from '../../line/command.ts';
import { findingsOf } from '../doctor.ts';
import { rootOf, type ServiceCall } from './service-options.ts';

const WIDTH = 9;

/** Prints how the service does; the exit code is 0 where it runs. */
export async function printServiceStatus(call: ServiceCall): Promise<number> {
  const name = call.options.name ?? DEFAULT_NAME;
  const root = rootOf(call);
  const service = await readServiceState(name, root);
  const line = (head: string, text: string) => call.stdout.write(`${head.padEnd(WIDTH)} ${text}\n`);
  if (service === undefined) {
    line('service', `${name} is not installed; steward service install does it`);
    return EXIT.fault;
  }
  line('service', unitLine(name, service));
  line('runs', `${service.execStart}, as ${service.user}`);
  const configFolder = join(root, service.configFolder);
  line('node', await nodeLine(configFolder));
  line('doctor', await firstWord(configFolder));
  return service.unit?.active === 'active' ? EXIT.ok : EXIT.fault;
}

function unitLine(name: string, { unit }: ServiceState): string {
  if (unit === undefined) return `${name} is installed, and systemd does not run here`;
  const { active, sub, pid, sinceMs, enabled, restarts, result } = unit;
  const since =
    sinceMs === undefined
      ? ''
      : ` since ${new Date(sinceMs).toISOString()} (${durationWords(Date.now() - sinceMs)})`;
  const process = pid > 0 ? `, pid ${pid}` : '';
  const ended = active === 'active' || result === 'success' ? '' : `, ended by ${result}`;
  const again = restarts > 0 ? `, started anew ${restarts} times` : '';
  return `${name} is ${active} (${sub})${since}${process}${ended}${again}; ${enabled}`;
}

async function nodeLine(configFolder: string): Promise<string> {
  const { readConfig } = await import('../../../config/load-config.ts');
  try {
    const { config, configFile } = await readConfig({ args: [`-configFolder=${configFolder}`], env: {} });
    return `${config.nodeName}, central node ${config.centralNodeName} (${configFile})`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** What is worst of what doctor finds. */
async function firstWord(configFolder: string): Promise<string> {
  const findings: Finding[] = [];
  for await (const finding of findingsOf(configFolder, { flags: [], call: { env: {} }, isThorough: false }))
    findings.push(finding);
  const worst =
    findings.find(({ verdict }) => verdict === 'fail') ?? findings.find(({ verdict }) => verdict === 'warn');
  if (worst === undefined) return `all well (${findings.length} looks; steward doctor shows them)`;
  const advice = worst.advice === undefined ? '' : `: ${worst.advice}`;
  return `${worst.check}: ${worst.text}${advice} (steward doctor --config-folder ${configFolder} shows all)`;
}
