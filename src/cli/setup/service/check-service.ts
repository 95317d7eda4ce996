import { resolve } from 'node:path';
import type { Finding } from '../../../doctor/finding.ts';
import { readServiceState } from '../../../service/service-state.ts';

const ADVICE = 'journalctl -u steward shows why';

/** How the service does that has a configuration folder; nothing where that folder is no service's. */
export async function checkService(configFolder: string): Promise<Finding[]> {
  const name = resolve(configFolder).split('/').at(-1) ?? '';
  const service = (await readServiceState(name)) ?? (await readServiceState('steward'));
  if (service === undefined || resolve(service.configFolder) !== resolve(configFolder)) return [];
  const { unit } = service;
  if (unit === undefined) {
    const text = `${service.unitPath} is there, and systemd does not run on this machine`;
    return [{ check: 'service', verdict: 'warn', text, advice: 'start the node by hand' }];
  }
  const state = `${service.unitPath}: ${unit.active} (${unit.sub}), ${unit.enabled}`;
  if (unit.active === 'active' && unit.sub === 'running') {
    const isEnabled = unit.enabled === 'enabled';
    return [
      isEnabled
        ? { check: 'service', verdict: 'ok', text: state }
        : {
            check: 'service',
            verdict: 'warn',
            text: state,
            advice: 'systemctl enable steward starts it with the machine',
          },
    ];
  }
  const isFailing = unit.active === 'failed' || unit.sub === 'auto-restart';
  return [{ check: 'service', verdict: isFailing ? 'fail' : 'warn', text: state, advice: ADVICE }];
}
