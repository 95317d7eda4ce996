import type { Config } from '../config/config.ts';
import { type Finding, finding } from './finding.ts';

/** Says who may ask the node for what. */
export function checkTrust({ trust, nodeName }: Config): Finding {
  if (trust.mode === 'closed') {
    const originals = trust.originals.length > 0 ? `; without proof: ${trust.originals.join(', ')}` : '';
    return finding(
      'trust',
      'ok',
      `closed: ${nodeName} takes what the broker proves, and what its sender may ask${originals}`,
    );
  }
  const now = trust.mode === 'watch' ? 'it watches, and refuses nothing yet' : 'it is open';
  return finding(
    'trust',
    'ok',
    `${now}: whoever has the key of any node may ask ${nodeName} for all that the broker lets through`,
    trust.mode === 'watch'
      ? 'steward trust shows what a closed node would refuse'
      : 'steward trust watch is the first step',
  );
}
