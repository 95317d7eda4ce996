import { readdir, readFile } from 'node:fs/promises';

/** The ids of the running processes that carry a request id in their environment. */
export async function processesOf(id: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environ.split('\0').includes(`STEWARD_REQUEST_ID=${id}`)) found.push(pid);
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
