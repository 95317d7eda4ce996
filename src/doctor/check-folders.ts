import { access, constants, readFile, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { describeShortage, freeBytesOf } from '../lib/disk-room.ts';
import { MAX_SOCKET_PATH_BYTES } from '../lib/short-socket-path.ts';
import { errorCode } from '../lib/system-fault.ts';
import { type Finding, finding } from './finding.ts';

const GB = 1e9;
/** Files that must be possible on a disk: each request and each reply may become some. */
const LEAST_FREE_FILES = 1000;
const NETWORK = new Set(['nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', '9p', 'fuse.sshfs', 'glusterfs', 'ceph']);
const SOCKET_NAMES = ['steward.sock', 'stew.sock'];
/** What the kernel takes as a socket's path, with the longest name that is made on the way to it. */

interface Folder {
  readonly option: string;
  readonly path: string;
  /** Whether the node makes it where it is missing. */
  readonly isMade: boolean;
}

/** Whether the node's folders are there and can be written, on which disks, and with how much room. */
export async function checkFolders(config: Config): Promise<Finding[]> {
  const all: Folder[] = [
    { option: 'databaseFolder', path: config.databaseFolder, isMade: true },
    { option: 'subscribersDataFolder', path: config.subscribersDataFolder, isMade: true },
    { option: 'socketFolder', path: config.socketFolder, isMade: true },
    { option: 'startupFolder', path: config.startupFolder, isMade: false },
    { option: 'readFolder', path: config.readFolder, isMade: false },
  ];
  const mounts = await readMounts();
  const findings: Finding[] = [];
  for (const folder of all) {
    if (folder.path !== '') findings.push(...(await checkFolder(folder, mounts)));
  }
  return [...findings, ...socketPathFault(config.socketFolder)];
}

async function checkFolder({ option, path, isMade }: Folder, mounts: readonly Mount[]): Promise<Finding[]> {
  const whole = resolve(path);
  const existing = await nearestExisting(whole);
  const isThere = existing === whole;
  const name = `${option} ${path}`;
  if (!isThere && !isMade)
    return [finding('folder', 'fail', `${name} is not there`, `mkdir -p ${whole}, or take ${option} out`)];
  if (!(await stat(existing)).isDirectory())
    return [
      finding(
        'folder',
        'fail',
        `${name}: ${existing} is no folder`,
        `move it away, or choose another ${option}`,
      ),
    ];
  const refusal = await writeRefusal(existing);
  if (refusal !== undefined) {
    const text = `${name} cannot be ${isThere ? 'written' : `made in ${existing}`} by this user (${refusal})`;
    return [
      finding('folder', 'fail', text, `give it to the user that runs the node: chown that-user ${existing}`),
    ];
  }
  const room = await statfs(existing);
  const free = freeBytesOf(room);
  const mount = mountOf(existing, mounts);
  const place = mount === undefined ? '' : ` on ${mount.point} (${mount.type})`;
  const coming = isThere ? '' : ', not there yet, made at the first start';
  const counted =
    room.blocks === 0
      ? 'a disk that does not count its space'
      : `${inGb(free)} of ${inGb(room.blocks * room.bsize)} free`;
  const text = `${name}: ${counted}${place}${coming}`;
  return [finding('folder', 'ok', text), ...diskFaults({ name, option, existing, free, room, mount })];
}

interface Disk {
  readonly name: string;
  readonly option: string;
  readonly existing: string;
  readonly free: number;
  readonly room: { blocks: number; bsize: number; files: number; ffree: number };
  readonly mount: Mount | undefined;
}

function diskFaults({ name, option, existing, free, room, mount }: Disk): Finding[] {
  const findings: Finding[] = [];
  const shortage = describeShortage(existing, { freeBytes: free, allBytes: room.blocks * room.bsize });
  if (shortage !== undefined)
    findings.push(
      finding('folder', 'fail', `${name}: ${shortage}`, 'free some space: what is full takes no messages'),
    );
  if (room.files > 0 && room.ffree < LEAST_FREE_FILES)
    findings.push(
      finding(
        'folder',
        'fail',
        `${name}: only ${room.ffree} more files fit on its disk`,
        'remove some files there',
      ),
    );
  if (option !== 'databaseFolder' || mount === undefined) return findings;
  if (NETWORK.has(mount.type)) {
    const text = `${name} is on a network file system (${mount.type}), where the database may be damaged`;
    findings.push(finding('folder', 'fail', text, 'choose a folder on a disk of this machine'));
  } else if (mount.type === 'tmpfs' || mount.type === 'ramfs') {
    const text = `${name} is in memory (${mount.type}): all messages are lost when the machine restarts`;
    findings.push(finding('folder', 'warn', text, 'choose a folder on a disk'));
  }
  return findings;
}

function socketPathFault(folder: string): Finding[] {
  const longest = [...SOCKET_NAMES, join('.sXXXXXX', 's')].map((name) =>
    Buffer.byteLength(join(folder, name)),
  );
  const bytes = Math.max(...longest);
  if (bytes <= MAX_SOCKET_PATH_BYTES) return [];
  const text = `socketFolder ${folder} is too long for a socket: ${bytes} bytes, ${MAX_SOCKET_PATH_BYTES} at most`;
  const advice = 'choose a shorter socketFolder, such as /run/steward';
  if (process.platform !== 'linux') return [finding('folder', 'fail', text, advice)];
  return [finding('folder', 'warn', `${text}; other programs reach it from within the folder alone`, advice)];
}

async function nearestExisting(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined || path === dirname(path) ? path : nearestExisting(dirname(path));
}

async function writeRefusal(folder: string): Promise<string | undefined> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return errorCode(error) ?? (error as Error).message;
  }
}

interface Mount {
  readonly point: string;
  readonly type: string;
}

/** What is mounted where; nothing where the system has no list of that form (only Linux does). */
async function readMounts(): Promise<Mount[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const found = /^\d+ \d+ \S+ \S+ (\S+) .* - (\S+) /.exec(line);
    return found === null ? [] : [{ point: unescapeOctal(found[1]!), type: found[2]! }];
  });
}

function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const around = mounts.filter(({ point }) => path === point || path.startsWith(point.replace(/\/?$/, '/')));
  return around.reduce<Mount | undefined>(
    (best, mount) => (best === undefined || mount.point.length >= best.point.length ? mount : best),
    undefined,
  );
}

function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function inGb(bytes: number): string {
  return bytes < GB ? `${Math.round(bytes / 1e6)} MB` : `${Number((bytes / GB).toPrecision(3))} GB`;
}
