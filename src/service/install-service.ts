import { existsSync } from 'node:fs';
import { chmod, lchown, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolders } from '../lib/make-folders.ts';
import type { RunProgram } from './run-program.ts';
import { ServiceError } from './service-error.ts';
import { type ServicePlan, unitPath } from './service-plan.ts';
import { Systemd } from './systemd.ts';
import { readUnit, unitText } from './unit-text.ts';

/** How a service is installed. */
export interface InstallOptions {
  readonly plan: ServicePlan;
  /** What starts a node: a path and its first arguments. */
  readonly program: readonly string[];
  /** Where the files go: `/`, or a folder that is the root of another system. */
  readonly root: string;
  /** Tells what would be done, and does nothing. */
  readonly isDryRun: boolean;
}

export interface ServiceDeps {
  readonly run: RunProgram;
  /** Tells of a step that was done, or would be. */
  tell(text: string): void;
  /** Whether systemd runs this machine. */
  isSystemdRunning(): boolean;
  /** The number of the user that runs this program; undefined where users have none. */
  readonly uid: number | undefined;
}

export interface InstallDeps extends ServiceDeps {
  /**
   * Checks the node's settings and keeps them in config.toml of a folder; throws what is wrong with them. `isNew`: there is
   * no such file yet, and the folders of the plan are to be in it.
   */
  saveConfig(
    folder: string,
    options: { isNew: boolean; plan: ServicePlan; isDryRun: boolean },
  ): Promise<void>;
}

const UNIT_MODE = 0o644;
const FOLDER_MODE = 0o750;

/**
 * Makes a service of systemd: its user, folders, config.toml and unit, and starts it. One that is there is changed and
 * started anew. Throws ServiceError.
 */
export async function installService(options: InstallOptions, deps: InstallDeps): Promise<void> {
  const { plan, program, root, isDryRun } = options;
  await checkGround(options, deps);
  const step = stepper(isDryRun, deps);
  const configFolder = join(root, plan.configFolder);
  const isNew = !existsSync(join(configFolder, 'config.toml'));
  // What is wrong with the settings is said before anything is changed.
  await deps.saveConfig(configFolder, { isNew, plan, isDryRun: true });
  await checkProgram(options, deps);
  const user = await prepareUser(options, deps, step);
  await step(`make the folders ${plan.configFolder} and ${plan.stateFolder}`, async () => {
    for (const folder of [plan.configFolder, plan.stateFolder])
      await makeServiceFolder(join(root, folder), user);
  });
  await step(`${isNew ? 'write' : 'check'} ${plan.configFolder}/config.toml`, async () => {
    await deps.saveConfig(configFolder, { isNew, plan, isDryRun });
    // Keys next to it must be readable for the node as well.
    for (const entry of await readdir(configFolder, { withFileTypes: true }))
      if (entry.isFile()) await give(join(configFolder, entry.name), user);
  });
  const path = unitPath(plan.name, root);
  await step(`write ${unitPath(plan.name)}`, async () => {
    await makeFolders(dirname(path));
    await writeFile(path, unitText(plan, program));
    await chmod(path, UNIT_MODE);
  });
  await begin(options, deps, step);
}

type Step = (text: string, work: () => Promise<unknown>) => Promise<void>;

/** Does steps and tells of each; a dry run only tells what would be done. */
export function stepper(isDryRun: boolean, { tell }: Pick<ServiceDeps, 'tell'>): Step {
  return async (text, work) => {
    if (!isDryRun) await work();
    tell(isDryRun ? `would ${text}` : `${text}: done`);
  };
}

async function checkGround({ plan, root, isDryRun }: InstallOptions, deps: ServiceDeps): Promise<void> {
  if (process.platform !== 'linux')
    throw new ServiceError(
      'unsupported',
      `a service of systemd needs Linux, and this is ${process.platform}: start the node with what starts programs there`,
    );
  if (root === '/' && !isDryRun && deps.uid !== 0)
    throw new ServiceError(
      'not-allowed',
      'to install a service takes root: run this with sudo, or with --dry-run to see what it would do',
    );
  const existing = await readFile(unitPath(plan.name, root), 'utf8').catch(() => undefined);
  if (existing !== undefined && readUnit(existing) === undefined)
    throw new ServiceError(
      'bad-option',
      `${unitPath(plan.name, root)} was not made by steward: move it away, or choose another --name`,
    );
}

/**
 * Refuses a program that systemd would start in vain, again and again: one that the unit hides, or in a folder such as /root
 * that its user may not enter. In the root of another system it is not looked for: it may lie elsewhere there.
 */
async function checkProgram(
  { plan, program, root, isDryRun }: InstallOptions,
  deps: ServiceDeps,
): Promise<void> {
  if (root !== '/') return;
  const fault = hiddenProgram(plan, program) ?? (await closedProgram(plan, program, deps));
  if (fault === undefined) return;
  const message = `${fault}: put the program into /usr/local/bin first`;
  if (!isDryRun) throw new ServiceError('bad-option', message);
  deps.tell(`would be refused: ${message}`);
}

function hiddenProgram({ hardening }: ServicePlan, program: readonly string[]): string | undefined {
  if (hardening === 'commands') return undefined;
  const hides = hardening === 'strict' ? /^\/(?:home|root|tmp|var\/tmp)\// : /^\/(?:tmp|var\/tmp)\//;
  const hidden = program.find((word) => hides.test(word));
  return hidden && `with --hardened ${hardening} the service cannot see ${hidden}`;
}

async function closedProgram(
  { user }: ServicePlan,
  program: readonly string[],
  { run }: ServiceDeps,
): Promise<string | undefined> {
  const found = await findUser(user, '/', run);
  if (found?.uid === 0) return undefined;
  for (const word of program.filter((each) => each.startsWith('/'))) {
    const closed = await closedFolder(dirname(word), found);
    if (closed !== undefined)
      return `the user ${user} cannot reach ${word}, as ${closed} is for others alone`;
  }
  return undefined;
}

/** The first folder on the way that the user certainly may not enter; one whose group may is left to the start to find out. */
async function closedFolder(path: string, user: SystemUser | undefined): Promise<string | undefined> {
  const above = path === '/' ? undefined : await closedFolder(dirname(path), user);
  if (above !== undefined) return above;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  const mayEnter = (found.mode & 0o011) !== 0 || (found.uid === user?.uid && (found.mode & 0o100) !== 0);
  return mayEnter ? undefined : path;
}

async function prepareUser(
  { plan, root, isDryRun }: InstallOptions,
  { run, tell }: ServiceDeps,
  step: Step,
): Promise<SystemUser | undefined> {
  const found = await findUser(plan.user, root, run);
  if (found !== undefined) return found;
  if (root !== '/') {
    tell(`the user ${plan.user} is not in ${root}/etc/passwd: make it there, and give it the folders`);
    return undefined;
  }
  if (!plan.makesUser)
    throw new ServiceError(
      'no-user',
      `there is no user ${plan.user}: make it (useradd --system ${plan.user}), or leave --user out`,
    );
  await step(`make the user ${plan.user}`, () => makeUser(plan.user, plan.stateFolder, run));
  return isDryRun ? undefined : findUser(plan.user, root, run);
}

async function begin({ plan, root }: InstallOptions, deps: ServiceDeps, step: Step): Promise<void> {
  const unit = `${plan.name}.service`;
  const systemd = new Systemd(deps.run);
  if (root !== '/') {
    deps.tell(`nothing is started in ${root}; there: systemctl enable --now ${plan.name}`);
    return;
  }
  if (!deps.isSystemdRunning()) {
    deps.tell(
      `systemd does not run on this machine, so nothing is started; where it does: systemctl enable --now ${plan.name}`,
    );
    return;
  }
  await step('have systemd read its units anew', () => systemd.control('daemon-reload'));
  await step(`have ${unit} started with the machine`, () => systemd.control('enable', unit));
  await step(`start ${unit}`, () => systemd.control('restart', unit));
}

async function makeServiceFolder(folder: string, user: SystemUser | undefined): Promise<void> {
  await makeFolders(folder);
  await chmod(folder, FOLDER_MODE);
  await give(folder, user);
}

/** Where another user may not be given files (a test without root), they stay whose they are. */
async function give(path: string, user: SystemUser | undefined): Promise<void> {
  if (user !== undefined && process.getuid?.() === 0) await lchown(path, user.uid, user.gid);
}

/** A user of the system, by numbers. */
interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user of a name: from the users of the system, or of another root's; undefined where there is none. */
async function findUser(name: string, root: string, run: RunProgram): Promise<SystemUser | undefined> {
  const line = root === '/' ? await askSystem(name, run) : await lineIn(join(root, 'etc/passwd'), name);
  const found = /^[^:]*:[^:]*:(\d+):(\d+):/.exec(line ?? '');
  return found === null ? undefined : { uid: Number(found[1]), gid: Number(found[2]) };
}

/** Makes a system user that nobody can log in as. Throws ServiceError. */
async function makeUser(name: string, homeFolder: string, run: RunProgram): Promise<void> {
  const { exitCode, stderr } = await run('useradd', [
    ...['--system', '--user-group', '--no-create-home', '--home-dir', homeFolder],
    ...['--shell', '/usr/sbin/nologin', '--comment', 'Steward node', name],
  ]);
  if (exitCode === 0) return;
  throw new ServiceError(
    'no-user',
    `the user ${name} could not be made (${stderr.trim() || `useradd ended with ${exitCode}`}): make it, or name another with --user`,
  );
}

/** Also users of a directory service are found by getent; without it the file has all there are. */
async function askSystem(name: string, run: RunProgram): Promise<string | undefined> {
  const { exitCode, stdout } = await run('getent', ['passwd', name]);
  if (exitCode === 0) return stdout;
  return lineIn('/etc/passwd', name);
}

async function lineIn(path: string, name: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').find((line) => line.startsWith(`${name}:`));
}
