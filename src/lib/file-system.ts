import { statfs } from 'node:fs/promises';

/** NFS, SMB, CIFS, FUSE, 9P, Ceph. */
const REMOTE: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400,
]);

/** The number of the file system that holds a path, as statfs names it; undefined where nobody says. */
export function fileSystemOf(path: string): Promise<number | undefined> {
  return statfs(path).then(
    ({ type }) => type >>> 0,
    () => undefined,
  );
}

/** Whether calls to a file system may stand still while a server does: they are nothing for the thread that all else needs. */
export function mayStandStill(fileSystem: number | undefined): boolean {
  return fileSystem === undefined || REMOTE.has(fileSystem);
}
