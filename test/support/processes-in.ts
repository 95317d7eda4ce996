import { readdir, readlink } from 'node:fs/promises';

/** The ids of all processes whose working folder is a folder or in it. Linux only. */
export async function processesIn(folder: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    ids.map(async (id) => {
      const place = await readlink(`/proc/${id}/cwd`).catch(() => '');
      return place === folder || place.startsWith(`${folder}/`) ? [Number(id)] : [];
    }),
  );
  return found.flat();
}
