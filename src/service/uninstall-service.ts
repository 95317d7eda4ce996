import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ServiceDeps, stepper } from './install-service.ts';
import { ServiceError } from './service-error.ts';
import { unitPath } from './service-plan.ts';
import { Systemd } from './systemd.ts';
import { readUnit } from './unit-text.ts';

export interface UninstallOptions {
  readonly name: string;
  readonly root: string;
  readonly isDryRun: boolean;
  /** Whether state and configuration go too. */
  readonly isPurge: boolean;
}

/** Stops a service and takes its unit away; state and configuration are kept unless told. Throws ServiceError. */
export async function uninstallService(options: UninstallOptions, deps: ServiceDeps): Promise<void> {
  const { name, root, isDryRun, isPurge } = options;
  const path = unitPath(name, root);
  const unit = readUnit(await readFile(path, 'utf8').catch(() => notInstalled(name, path)));
  if (unit === undefined)
    throw new ServiceError('not-installed', `${path} was not made by steward, and is left as it is`);
  if (root === '/' && !isDryRun && deps.uid !== 0)
    throw new ServiceError('not-allowed', 'to remove a service takes root: run this with sudo');
  const step = stepper(isDryRun, deps);
  const systemd = new Systemd(deps.run);
  const hasSystemd = root === '/' && deps.isSystemdRunning();
  if (hasSystemd)
    await step(`stop ${name}.service, and start it with the machine no more`, () =>
      systemd.control('disable', '--now', `${name}.service`),
    );
  await step(`remove ${unitPath(name)}`, () => rm(path, { force: true }));
  if (hasSystemd) await step('have systemd read its units anew', () => systemd.control('daemon-reload'));
  const folders = [unit.configFolder, unit.stateFolder];
  if (!isPurge) {
    deps.tell(`kept: ${folders.join(' and ')}, and the user ${unit.user}; --purge removes the folders`);
    return;
  }
  for (const folder of folders)
    await step(`remove ${folder}`, () => rm(join(root, folder), { recursive: true, force: true }));
}

function notInstalled(name: string, path: string): never {
  throw new ServiceError(
    'not-installed',
    `there is no service ${name} (${path} is not there); steward service install makes one`,
  );
}
