import { type Config, toConfig } from '../../src/config/config.ts';
import { Settings } from '../../src/config/settings.ts';

/** The whole configuration of a node of which nothing is set but its names, and what a test says. */
export function testConfig({ nodeName, ...more }: Partial<Config> & Pick<Config, 'nodeName'>): Config {
  const flags = new Map([
    ['NodeName', nodeName],
    ['CentralNodeName', 'central'],
  ] as const);
  const file = { path: 'config.toml', exists: false, text: '', entries: new Map(), unknownKeys: [] };
  return { ...toConfig(new Settings({ flags, environment: new Map(), file }), []), ...more };
}
