const { STEWARD_TEST_ROUNDS } = process.env;

/** How often a node goes to the original and back. */
export const TRIED_ROUNDS = Number(STEWARD_TEST_ROUNDS ?? 2);

const ENCODINGS = [
  { name: 'gob', serialization: 'gob', compression: '' },
  { name: 'cbor', serialization: 'cbor', compression: '' },
  { name: 'gob, zstd', serialization: 'gob', compression: 'z' },
  { name: 'cbor, gzip', serialization: 'cbor', compression: 'g' },
] as const;

/** Each encoding takes half a minute: all of them where rounds are asked for (`npm run test:original`). */
export const TRIED_ENCODINGS = STEWARD_TEST_ROUNDS === undefined ? ENCODINGS.slice(0, 1) : ENCODINGS;
