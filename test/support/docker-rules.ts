/** An instruction of a Dockerfile. */
export interface Instruction {
  readonly line: number;
  readonly name: string;
  /** The words behind it, continuation lines joined, comments between them left out. */
  readonly text: string;
}

/** What the rules look at besides the file itself. */
export interface DockerContext {
  /** Whether a path of the build context is there, and not kept out by .dockerignore. */
  isInContext(path: string): boolean;
}

const EXEC_FORM = new Set(['CMD', 'ENTRYPOINT', 'VOLUME', 'SHELL']);
const KNOWN =
  /^(FROM|ARG|RUN|COPY|ADD|ENV|WORKDIR|USER|VOLUME|EXPOSE|HEALTHCHECK|ENTRYPOINT|CMD|LABEL|STOPSIGNAL|SHELL)$/;

/** Reads a Dockerfile. */
export function readDockerfile(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let open: { line: number; text: string } | undefined;
  for (const [place, raw] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(raw)) continue;
    open =
      open === undefined ? { line: place + 1, text: raw } : { ...open, text: `${open.text} ${raw.trim()}` };
    if (open.text.endsWith('\\')) {
      open.text = open.text.slice(0, -1).trimEnd();
      continue;
    }
    const [, name, rest] = /^\s*(\S+)\s*(.*)$/s.exec(open.text)!;
    instructions.push({ line: open.line, name: name!.toUpperCase(), text: rest! });
    open = undefined;
  }
  return instructions;
}

/** What is wrong with a Dockerfile, one sentence each. */
export function dockerfileFaults(text: string, context: DockerContext): string[] {
  const instructions = readDockerfile(text);
  const stages = instructions.flatMap(({ name, text }) =>
    name === 'FROM' ? [/\sAS\s+(\S+)$/i.exec(text)?.[1] ?? ''] : [],
  );
  const at = ({ line, name }: Instruction, fault: string) => `line ${line}: ${name} ${fault}`;
  const faults = instructions.flatMap((instruction) =>
    instructionFaults(instruction, { stages, context }).map((fault) => at(instruction, fault)),
  );
  return [...faults, ...lastStageFaults(instructions)];
}

interface Known {
  readonly stages: readonly string[];
  readonly context: DockerContext;
}

function instructionFaults({ name, text }: Instruction, known: Known): string[] {
  if (!KNOWN.test(name)) return ['is no instruction'];
  if (name === 'FROM')
    return imageFault(text.split(/\s+/).find((word) => !word.startsWith('--'))!, known.stages);
  if (name === 'COPY') return copyFaults(text, known);
  if (name === 'ADD') return ['does more than it says: use COPY'];
  if (name === 'RUN') return runFaults(text);
  if (name === 'WORKDIR' && !text.startsWith('/')) return ['has no absolute path'];
  if (name === 'HEALTHCHECK') return execFault(text.replace(/^(--\S+\s+)*CMD\s+/, ''));
  if (name === 'ENV' && /(PASSWORD|TOKEN|SECRET|SEED)\s*=/i.test(text)) return ['holds a secret'];
  return EXEC_FORM.has(name) ? execFault(text) : [];
}

/** Faults of an image's name: it must have a tag with a number of at least two parts, or a digest. */
export function imageFault(image: string, stages: readonly string[] = []): string[] {
  if (stages.includes(image) || image.includes('@sha256:') || image === 'scratch') return [];
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  if (tag === undefined) return [`names ${image} without a tag`];
  if (tag === 'latest') return [`names ${image}: what that is changes`];
  return /^\d+\.\d+/.test(tag) ? [] : [`names ${image}: give the tag a version of two numbers at least`];
}

function copyFaults(text: string, { stages, context }: Known): string[] {
  const words = text.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  if (from !== undefined) return stages.includes(from) ? [] : [`takes from ${from}, which is no stage`];
  const sources = words.filter((word) => !word.startsWith('--')).slice(0, -1);
  return sources
    .filter((path) => !context.isInContext(path))
    .map((path) => `takes ${path}, which is not there`);
}

function runFaults(text: string): string[] {
  const faults: string[] = [];
  if (/\bapt-get (-\S+ )*install\b/.test(text)) {
    if (!text.includes('rm -rf /var/lib/apt/lists')) faults.push('leaves the lists of apt in the image');
    if (!text.includes('--no-install-recommends')) faults.push('installs what is only recommended');
  }
  if (/\bapt-get (dist-)?upgrade\b/.test(text)) faults.push('upgrades: take a newer base image');
  if (/\bsudo\b/.test(text)) faults.push('uses sudo');
  if (/\b(curl|wget)\b[^|&;]*\|\s*(ba)?sh\b/.test(text)) faults.push('runs what it has just fetched');
  if (/[^|]\|[^|]/.test(text) && !text.includes('pipefail'))
    faults.push('has a pipe without set -o pipefail');
  if (/\bchmod\b.*\b777\b/.test(text)) faults.push('lets everybody write');
  return faults;
}

function execFault(text: string): string[] {
  try {
    const words: unknown = JSON.parse(text);
    if (Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === 'string'))
      return [];
  } catch {
    // It is no JSON, as said below.
  }
  return ['is not in the exec form, a JSON list: signals would go to a shell'];
}

function lastStageFaults(instructions: readonly Instruction[]): string[] {
  const begin = instructions.findLastIndex(({ name }) => name === 'FROM');
  if (begin < 0) return ['there is no FROM'];
  const last = instructions.slice(begin);
  const of = (wanted: string) => last.filter(({ name }) => name === wanted);
  const faults: string[] = [];
  const user = of('USER').at(-1);
  if (user === undefined) faults.push('the image has no USER, so that it runs as root');
  else if (/^(root|0)(:|$)/.test(user.text)) faults.push('the image runs as root');
  for (const name of ['ENTRYPOINT', 'CMD', 'HEALTHCHECK']) {
    const count = of(name).length;
    if (count > 1) faults.push(`there are ${count} of ${name}, and the last one alone counts`);
  }
  if (of('ENTRYPOINT').length === 0) faults.push('the image has no ENTRYPOINT');
  if (of('HEALTHCHECK').length === 0) faults.push('the image has no HEALTHCHECK');
  return faults;
}
