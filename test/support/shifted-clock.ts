import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

/** Names the file that says by how many ms the wall clock of a process is wrong. */
const VARIABLE = 'STEWARD_TEST_CLOCK';
/** How often a process looks into it, ms. */
const LOOK_EVERY_MS = 50;

/** The wall clock of a process under test, which can be set while the process runs; its steady clocks go on. */
export class ShiftedClock {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The environment of a node that goes by it. */
  get env(): NodeJS.ProcessEnv {
    const preload = `--import=${pathToFileURL(import.meta.filename)}`;
    return { [VARIABLE]: this.#path, NODE_OPTIONS: `--disable-warning=ExperimentalWarning ${preload}` };
  }

  /** Sets it to the machine's clock and so many ms. */
  set(offsetMs: number): Promise<void> {
    return writeFile(this.#path, String(offsetMs));
  }
}

/** Lets `Date` go wrong by what the file says. */
function shiftDate(path: string): void {
  const RealDate = Date;
  let offsetMs = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const now = () => {
    if (performance.now() - lookedAt >= LOOK_EVERY_MS) {
      lookedAt = performance.now();
      offsetMs = readOffset(path);
    }
    return RealDate.now() + offsetMs;
  };
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args, self) => Reflect.construct(target, args.length === 0 ? [now()] : args, self),
    get: (target, name, self) => (name === 'now' ? now : Reflect.get(target, name, self)),
  });
}

function readOffset(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    return 0;
  }
}

const path = process.env[VARIABLE];
if (path !== undefined) shiftDate(path);
