import { readdir, readFile, readlink } from 'node:fs/promises';

/** The ids of the running processes that carry a request id in their environment. */
export function processesOf(id: string): Promise<string[]> {
  return runningProcesses('STEWARD_REQUEST_ID', id);
}

/** The ids of the running processes whose environment has a variable with this value. */
export async function runningProcesses(variable: string, value: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environ.split('\0').includes(`${variable}=${value}`)) found.push(pid);
  }
  return found;
}

/** The processes whose parent is this one, also those that have ended and were not waited for. */
export async function childrenOf(parent: number): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent) found.push(Number(pid));
  }
  return found;
}

/** The ids of all processes whose working folder is a folder or in it. Linux only. */
export async function processesIn(folder: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    ids.map(async (id) => {
      const path = await readlink(`/proc/${id}/cwd`).catch(() => '');
      return path === folder || path.startsWith(`${folder}/`) ? [Number(id)] : [];
    }),
  );
  return found.flat();
}
