import type { Asks } from './ask.ts';
import { type FaultKind, FIRST_KINDS } from './faults.ts';

/** A run that found a fault once. */
interface FoundSeed {
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  /** The faults that it takes, by their places in the list that the seed makes. */
  readonly only?: readonly number[];
  /** What was asked for when it was found; what was asked for at first, unless told. */
  readonly asks?: Asks;
  /** Whether links had budgets then. */
  readonly hasBudgets?: boolean;
  /** What it found. */
  readonly about: string;
}

/** Every seed that found a fault of the program, or of what is promised of it, so that none of them comes again. */
export const SEEDS: readonly FoundSeed[] = [
  {
    seed: 1,
    kinds: ['clock'],
    about:
      'a schedule whose end a clock step had passed looked at once again, for ever, and took a processor',
  },
  {
    seed: 1,
    kinds: ['freeze'],
    about: 'the same, of a schedule whose end had passed while its machine stood still',
  },
  {
    seed: 19,
    kinds: ['backup', 'reinstall', 'twin', 'crash', 'power', 'cut', 'partition', 'stop'],
    about:
      'a sender that started again had forgotten that its target answers questions, and never asked it for a schedule that a new installation did not know',
  },
  {
    seed: 47,
    kinds: FIRST_KINDS,
    about:
      'an append was cancelled whose answer a crash had swallowed, of a node that had said hello and not answered yet: it was made',
  },
  {
    seed: 100_014,
    kinds: FIRST_KINDS,
    only: [15, 16, 20],
    about:
      'a lane that began to send anew heard in the midst of that of room on the way, sent, and sent the rest of nothing after it: a message was refused that had arrived',
  },
  {
    seed: 110_212,
    kinds: ['backup', 'reinstall', 'twin', 'crash', 'power', 'cut', 'partition', 'stop', 'away', 'freeze'],
    only: [0],
    about:
      'what its sender had called off became expired there, as its target reported once more that it came too late',
  },
  {
    seed: 112_135,
    kinds: ['backup', 'twin', 'reinstall', 'slow', 'freeze', 'clock', 'permissions'],
    only: [22, 37],
    about: 'the delivery budget of an append that was called off ended the question whether it was made',
  },
  {
    seed: 113_232,
    kinds: ['backup', 'twin', 'reinstall', 'slow', 'freeze', 'clock', 'permissions'],
    only: [15],
    about:
      'a late word that a place is known, of one that had been given up and was passed over by the floor, made it accepted and then lost',
  },
  {
    seed: 113_233,
    kinds: ['backup', 'twin', 'reinstall', 'slow', 'freeze', 'clock', 'permissions'],
    about: 'the same, of an append that became succeeded and was not made',
  },
  {
    seed: 114_216,
    kinds: ['backup', 'reinstall', 'full', 'locked', 'eio', 'doubt', 'files', 'crash', 'clock', 'cut'],
    only: [7, 9],
    about: 'an append that a crash had cut short could not be read at the next start, and was made again',
  },
  {
    seed: 738_320_328,
    kinds: FIRST_KINDS,
    about:
      'an append that could not be cut back stayed in its file, with its note, as what waited for the file had expired and nobody appended again',
  },
  {
    seed: 29,
    kinds: ['backup', 'reinstall', 'twin', 'crash', 'power', 'cut', 'partition', 'stop'],
    about: 'a lane counted places that were given up in an earlier life as messages that wait, for ever',
  },
  {
    seed: 35,
    kinds: ['backup', 'crash', 'cut'],
    about:
      'a second start after a restored backup took lanes for sure again that had not begun anew, and a relay ran twice',
  },
  {
    seed: 103_038,
    kinds: FIRST_KINDS,
    only: [0, 1, 2, 6, 7, 8, 27],
    about:
      'whether an append was made that was called off was no longer asked once messageTTL was over: it was, and stayed cancelled',
  },
  {
    seed: 200_068,
    kinds: FIRST_KINDS,
    only: [9, 10, 14, 22, 23, 27],
    about:
      'that an append was done could not be written down, and was not tried again until its lane was used',
  },
  {
    seed: 220_200,
    kinds: FIRST_KINDS,
    only: [0, 1, 2, 4],
    about:
      'a command that was cancelled between its end and the word of it was called cancelled, with exit code 0',
  },
  {
    seed: 300_048,
    kinds: FIRST_KINDS,
    asks: 'second',
    only: [6],
    about:
      'a cancellation for a node of the original program, which has no such method, was sent again until it expired',
  },
  {
    seed: 751_500_063,
    kinds: FIRST_KINDS,
    asks: 'second',
    about:
      'an append gave way to a newer one whose node had crashed before it told that it had accepted that: it was taken for one that never was',
  },
  {
    seed: 751_500_063,
    kinds: FIRST_KINDS,
    asks: 'second',
    only: [5, 7, 9],
    about:
      'a file was cancelled on its way to a new node that nobody had heard of yet, and nobody asked whether it was written: it was',
  },
  {
    seed: 900_000,
    kinds: FIRST_KINDS,
    asks: 'second',
    only: [12, 13],
    about: 'an append whose time was over while its answer was lost was undelivered, though it was made',
  },
  {
    seed: 67,
    kinds: FIRST_KINDS,
    asks: 'third',
    about:
      'a file that two newer ones took the place of, one after the other, was asked about for the first and given up for the second: it was written',
  },
  {
    seed: 100,
    kinds: FIRST_KINDS,
    asks: 'told',
    about:
      'a lane whose last messages of a doubtful epoch went nowhere began no new one, and what was behind them waited for ever',
  },
  {
    seed: 5010,
    kinds: FIRST_KINDS,
    only: [5, 6, 7, 11, 12, 13, 14],
    asks: 'fourth',
    about:
      'an append whose answer a crash had swallowed, and that went to nobody after that, was taken for one that nobody had: a newer one took its place, and it was made',
  },
  {
    seed: 17,
    kinds: FIRST_KINDS,
    only: [],
    asks: 'copies',
    about: 'a copy was cancelled while its target was told that it begins, and the growing file stayed there',
  },
  {
    seed: 158,
    kinds: FIRST_KINDS,
    only: [0, 1, 3, 8],
    asks: 'copies',
    about: 'a power cut brought back the growing file of a copy that was called off, and nobody removed it',
  },
  {
    seed: 3051,
    kinds: FIRST_KINDS,
    only: [5],
    asks: 'copies',
    about:
      'a copy failed as its node could not write to its database for a moment, and could not tell its target to remove what had come',
  },
  {
    seed: 3012,
    kinds: FIRST_KINDS,
    only: [15, 16, 17],
    asks: 'copies',
    about: 'a disk that could not be read when a copy was called off was taken for one that knows of no copy',
  },
  {
    seed: 4057,
    kinds: FIRST_KINDS,
    only: [10, 11],
    asks: 'copies',
    about:
      'a file had become small when its node went on with the copy after a crash, and what had come of the large one stayed at the target',
  },
  {
    seed: 740_000_042,
    kinds: FIRST_KINDS,
    asks: 'fourth',
    hasBudgets: true,
    about:
      'what a message was taken for above what it took stayed on its way for ever, and used up the budget of each day',
  },
  {
    seed: 830_000_022,
    kinds: FIRST_KINDS,
    asks: 'fourth',
    hasBudgets: true,
    about:
      'of many small messages neither the headers counted at once, nor that they had gone compressed before: twice the budget went',
  },
  {
    seed: 5_300_027,
    kinds: FIRST_KINDS,
    only: [0, 1],
    asks: 'fourth',
    hasBudgets: true,
    about:
      'a reply that waited for the budget of its own link found that of its target used up, by a moment, and nobody looked at it again',
  },
  {
    seed: 6_300_114,
    kinds: FIRST_KINDS,
    only: [9, 10, 13, 14, 17],
    asks: 'fourth',
    hasBudgets: true,
    about:
      'what waited for what others had been let send heard of no new budget, as the hello had asked meanwhile how long it waits: it expired',
  },
  {
    seed: 7_300_062,
    kinds: FIRST_KINDS,
    asks: 'fourth',
    hasBudgets: true,
    about:
      'what lay behind places that were given up went with each new budget, was answered with gaps alone, and used up the budget of days',
  },
  {
    seed: 731_004,
    kinds: ['crash', 'power', 'eio', 'full'],
    asks: 'all',
    about:
      'a copy was called off after a crash of its source, before it went on: what had been queued to begin it left a temporary file at the target for a week',
  },
];
