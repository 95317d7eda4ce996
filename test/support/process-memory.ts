import { readFile } from 'node:fs/promises';

/** The memory of a running process, in bytes: what it holds now, and the most that it ever held. */
export async function processMemory(pid: number): Promise<{ rssBytes: number; peakBytes: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return { rssBytes: field(status, 'VmRSS'), peakBytes: field(status, 'VmHWM') };
}

function field(status: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status);
  if (found === null) throw new Error(`the process' status has no ${name}: it has ended`);
  return Number(found[1]) * 1024;
}
