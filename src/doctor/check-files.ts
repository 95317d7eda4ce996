import { stat } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { type Finding, finding } from './finding.ts';

/** Whether config.toml is there, and whether others can read what is secret. */
export async function checkFiles(config: Config, configFile: string): Promise<Finding[]> {
  const names = `node ${config.nodeName}, central node ${config.centralNodeName}`;
  const mode = await modeOf(configFile);
  const findings =
    mode === undefined
      ? [finding('config', 'ok', `${names}; there is no ${configFile} yet, the first start makes it`)]
      : [finding('config', 'ok', `${configFile}: ${names}`)];
  const secrets: readonly (readonly [string, string])[] = [
    ['nkeySeedFile', config.nkeySeedFile],
    ['credsFile', config.credsFile],
    ['tlsKeyFile', config.tlsKeyFile],
    ['listenerTokenFile', config.listenerTokenFile],
    ['lookTokenFile', config.lookTokenFile],
    ['embeddedBrokerUsers', config.embeddedBroker?.usersFile ?? ''],
    ['embeddedBrokerTLSKey', config.embeddedBroker?.tlsKeyFile ?? ''],
  ];
  for (const [option, path] of secrets) {
    if (path !== '' && isReadByOthers(await modeOf(path)))
      findings.push(
        finding('config', 'warn', `${option} ${path} can be read by others`, `chmod 600 ${path}`),
      );
  }
  const hasSecret = config.listenerToken !== '' || /\/\/[^/@]+:[^/@]+@/.test(config.brokerAddress);
  if (hasSecret && isReadByOthers(mode)) {
    const text = `${configFile} holds a password or token and can be read by others`;
    findings.push(finding('config', 'warn', text, `chmod 600 ${configFile}`));
  }
  return findings;
}

function isReadByOthers(mode: number | undefined): boolean {
  return mode !== undefined && process.platform !== 'win32' && (mode & 0o004) !== 0;
}

async function modeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mode;
}
