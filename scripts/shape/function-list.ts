import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Prints the functions that one command runs on a node: by room and file, each with its line, its name and its calls. */
export function functionList(node: string, ran: ReadonlyMap<string, number>, checkout: string): string {
  const functions = [...ran].map(([key, calls]) => {
    const [file, offset, name] = key.split(':') as [string, string, string];
    return { room: file.split('/')[0]!, file, offset: Number(offset), name: name || '(anonymous)', calls };
  });
  return [...Map.groupBy(functions, ({ room }) => room)]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .flatMap(([room, inRoom]) => [`\n${node}: ${room} ${inRoom.length}`, ...fileLines(inRoom, checkout)])
    .join('\n');
}

interface RanFunction {
  readonly file: string;
  readonly offset: number;
  readonly name: string;
  readonly calls: number;
}

function fileLines(functions: readonly RanFunction[], checkout: string): string[] {
  return [...Map.groupBy(functions, ({ file }) => file)].toSorted().flatMap(([file, inFile]) => {
    const text = readFileSync(join(checkout, 'src', file), 'utf8');
    const lineOf = (offset: number) => text.slice(0, offset).split('\n').length;
    return [
      `  ${file} ${inFile.length}`,
      ...inFile.map(
        ({ offset, name, calls }) => `    ${String(lineOf(offset)).padStart(3)} ${name} x${calls}`,
      ),
    ];
  });
}
