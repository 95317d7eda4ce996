const { closeSync, openSync, readSync } = process.getBuiltinModule('node:fs');

/** Chance as a dependency. */
export interface Random {
  /** This many random bytes, which nobody can guess. */
  bytes(count: number): Buffer<ArrayBuffer>;
}

/** The random bytes of the system. */
export const systemRandom: Random = {
  bytes(count) {
    const bytes = Buffer.allocUnsafeSlow(count);
    fill(bytes);
    return bytes;
  },
};

/** From the system where it has such a file: to load node:crypto takes 4 ms, for which a small command would wait. */
function fill(bytes: Buffer): void {
  try {
    const file = openSync('/dev/urandom', 'r');
    try {
      if (readSync(file, bytes, 0, bytes.length, null) === bytes.length) return;
    } finally {
      closeSync(file);
    }
  } catch {
    // Not every system has it.
  }
  process.getBuiltinModule('node:crypto').randomFillSync(bytes);
}
