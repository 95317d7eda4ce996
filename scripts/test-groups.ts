import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(import.meta.dirname, '..');
/** Files in a group: enough that loading costs little, few enough that no group is what the others wait for. */
const GROUP_SIZE = 20;

/** Changes the contract before anything else has loaded it. */
const ALONE: ReadonlySet<string> = new Set(['test/unit/contract.test.ts']);

/** What is run as one process: a test file, or a file that loads several. */
export interface TestProcess {
  readonly path: string;
  readonly files: readonly string[];
}

/**
 * Puts test files together that take little time and start no nodes: one process for each would spend most of its time
 * on loading the same modules. Each group is a file in `folder` that loads its test files, whose tests run one after the
 * other; paths are below the project's folder.
 */
export function groupTests(
  files: readonly string[],
  isLong: (file: string) => boolean,
  folder: string,
): TestProcess[] {
  rmSync(join(ROOT, folder), { recursive: true, force: true });
  mkdirSync(join(ROOT, folder), { recursive: true });
  const isSmall = (file: string) => /^(src|test\/unit)\//.test(file) && !isLong(file) && !ALONE.has(file);
  const [small, alone] = [files.filter(isSmall), files.filter((file) => !isSmall(file))];
  const count = Math.ceil(small.length / GROUP_SIZE);
  const groups = Array.from({ length: count }, (_, group) => {
    const members = small.filter((_, index) => index % count === group);
    const path = `${folder}/group${group + 1}.mjs`;
    const lines = members.map((file) => `import '${pathToFileURL(join(ROOT, file)).href}';\n`);
    writeFileSync(join(ROOT, path), lines.join(''));
    return { path, files: members };
  });
  return [...alone.map((path) => ({ path, files: [path] })), ...groups];
}
