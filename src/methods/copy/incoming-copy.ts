import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type NewFile, type Ownership, takeOver } from '../../lib/put-in-place.ts';
import type { FileSystem } from '../../lib/system-files.ts';
import { decompress } from '../../message/codec/compression.ts';
import { type Basis, sumsFrom } from './basis.ts';
import type { CopyRecord } from './copy-records.ts';
import { isFull, noRoom, targetError } from './copy-target.ts';
import { type ArrivedPiece, MOST_PIECE_BYTES, type PiecePlace, type SumsQuestion } from './piece-place.ts';

/** So much is read back at once; less would cost more than the sum itself. */
const READ_BYTES = 1024 * 1024;
/** So much is written before the disk is told to keep it: otherwise the end of a large file would take long. */
const SYNC_EVERY_BYTES = 64 * 1024 * 1024;

/** As many zeros are not written. */
const HOLE_BYTES = 4096;

interface Waiting {
  readonly place: PiecePlace;
  readonly piece: ArrivedPiece;
}

/**
 * A file that grows at its target: writes its pieces in order, and reads back what was written, behind the writing,
 * for the sum of the whole. What lies on disk is what counts, also after a restart.
 */
export class IncomingCopy implements AsyncDisposable {
  readonly record: CopyRecord;
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  readonly #onFault: () => void;
  /** What is at the target already, of which the copy may take over what is the same. */
  readonly #basis: Basis | undefined;
  #queue: Waiting[] = [];
  #expected: number;
  #written: number;
  #hashed = 0;
  #synced: number;
  #writing: Promise<void> | undefined;
  #hashing: Promise<void> | undefined;
  #fault: string | undefined;
  #isClosed = false;
  readonly #readBuffer: Buffer;

  /** `size`: how much of the file is there. `onFault` is called when it can't be written on. */
  constructor(
    record: CopyRecord,
    part: { handle: FileHandle; size: number; onFault(): void; basis?: Basis | undefined },
  ) {
    this.record = record;
    this.#basis = part.basis;
    this.#handle = part.handle;
    this.#onFault = part.onFault;
    this.#expected = part.size;
    this.#written = part.size;
    this.#synced = part.size;
    this.#readBuffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, Math.max(1, record.total)));
    this.#hashOn();
  }

  /** How many bytes are there. */
  get written(): number {
    return this.#written;
  }

  /** Why the copy has failed, or undefined. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Whether the file is no longer in use here. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes a piece if its turn has come; it is answered when it is written. */
  take(place: PiecePlace, arrived: ArrivedPiece): void {
    if (this.#fault !== undefined) return this.#reject(place, arrived, this.#fault);
    if (arrived.sums) return void this.#tellSums(place, arrived, arrived.sums);
    const piece = unpacked(arrived);
    if (!piece) return this.#reject(place, arrived, 'what came for it cannot be unpacked');
    const end = place.offset + (piece.have?.count ?? piece.bytes.length);
    if (end > this.record.total)
      return this.#reject(place, piece, `it ends beyond the ${this.record.total} bytes`);
    if (place.offset > this.#expected) {
      return piece.answer({ place: { ...place, offset: this.#expected }, status: 'gap' });
    }
    const isNew = place.offset === this.#expected;
    if (isNew) this.#expected = end;
    this.#queue.push({
      place,
      piece: isNew ? piece : { ...piece, bytes: new Uint8Array(0), have: undefined },
    });
    this.#writing ??= this.#write();
  }

  /** The sum of the file as it is on disk, once all of it is there and was read back. Throws what reading throws. */
  async sha256(): Promise<string> {
    await this.#writing;
    while (this.#hashed < this.#written && this.#fault === undefined) {
      this.#hashOn();
      await this.#hashing;
    }
    return this.#hash.copy().digest('hex');
  }

  /** The growing file, to be put in place. */
  get file(): NewFile {
    return { handle: this.#handle, path: this.record.part };
  }

  /** Sets owner, group, mode and attributes, and makes all durable. Returns what could not be kept of the old file. */
  async seal(before: Ownership | undefined, files: FileSystem): Promise<string[]> {
    const { mode, target } = this.record;
    const notes = await takeOver(this.#handle, { before, mode, old: target }, files);
    await this.#handle.sync();
    return notes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#fault ??= 'the node stops';
    await this.#writing;
    await this.#hashing;
    await this.#handle.close();
    await this.#basis?.[Symbol.asyncDispose]();
  }

  async #tellSums(place: PiecePlace, piece: ArrivedPiece, wanted: SumsQuestion): Promise<void> {
    const sums = await sumsFrom(this.#basis, wanted);
    if (sums) piece.answer({ place: { ...place, offset: this.#written }, status: 'accepted', sums });
  }

  async #write(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#writeBatch(this.#takeBatch());
      if (this.#written - this.#hashed >= READ_BYTES) this.#hashOn();
    }
    // Here, and not when the promise settles: what comes in between would be left lying.
    this.#writing = undefined;
    this.#syncOn();
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const before = this.#written;
    try {
      await this.#writeAll(await this.#bytesOf(batch));
    } catch (error) {
      this.#fail(error);
    }
    const { place, piece } = batch.at(-1)!;
    if (this.#fault !== undefined) return this.#reject(place, piece, this.#fault);
    const isLacking = piece.have !== undefined && this.#written === before;
    if (isLacking) this.#beginAt(this.#written);
    const status = isLacking ? 'lacks' : 'accepted';
    piece.answer({ place: { ...place, offset: this.#written }, status });
  }

  /** What is written next: the pieces up to a stretch that is here already, or that stretch alone. */
  #takeBatch(): Waiting[] {
    const stretch = this.#queue.findIndex(({ piece }) => piece.have !== undefined);
    return this.#queue.splice(0, stretch === -1 ? this.#queue.length : Math.max(1, stretch));
  }

  async #bytesOf(batch: readonly Waiting[]): Promise<Uint8Array[]> {
    const have = batch[0]?.piece.have;
    if (!have) return batch.map(({ piece }) => piece.bytes).filter(({ length }) => length > 0);
    const bytes = await this.#basis?.take(have).catch(() => undefined);
    return bytes ? [bytes] : [];
  }

  /** What came behind a stretch that is missing has to come again. */
  #beginAt(position: number): void {
    this.#expected = position;
    this.#queue = [];
  }

  async #writeAll(pieces: readonly Uint8Array[]): Promise<void> {
    let rest = pieces;
    while (this.#fault === undefined && rest.length > 0) {
      const isHole = isZero(rest[0]!);
      const end = rest.findIndex((piece) => isZero(piece) !== isHole);
      const alike = rest.slice(0, end === -1 ? rest.length : end);
      // A hole of the source stays one.
      await (isHole ? this.#leaveOut(alike) : this.#writePieces(alike));
      rest = rest.slice(alike.length);
    }
  }

  async #leaveOut(pieces: readonly Uint8Array[]): Promise<void> {
    const bytes = bytesOf(pieces);
    await this.#handle.truncate(this.#written + bytes);
    this.#written += bytes;
  }

  async #writePieces(pieces: readonly Uint8Array[]): Promise<void> {
    const { bytesWritten } = await this.#handle.writev([...pieces], this.#written);
    this.#written += bytesWritten;
    // A disk that becomes full takes a part; the rest brings the error.
    if (bytesWritten < bytesOf(pieces))
      await this.#writePieces([Buffer.concat(pieces).subarray(bytesWritten)]);
  }

  #hashOn(): void {
    if (this.#hashed < this.#written && this.#fault === undefined) this.#hashing ??= this.#hashWritten();
  }

  async #hashWritten(): Promise<void> {
    const bytes = this.#readBuffer;
    try {
      while (this.#hashed < this.#written && this.#fault === undefined) {
        const length = Math.min(bytes.length, this.#written - this.#hashed);
        const { bytesRead } = await this.#handle.read(bytes, 0, length, this.#hashed);
        if (bytesRead === 0) throw new Error('the file next to it became shorter');
        this.#hash.update(bytes.subarray(0, bytesRead));
        this.#hashed += bytesRead;
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#hashing = undefined;
  }

  #syncOn(): void {
    if (this.#written - this.#synced < SYNC_EVERY_BYTES || this.#isClosed) return;
    this.#synced = this.#written;
    this.#handle.datasync().catch(this.#fail);
  }

  readonly #fail = (error: unknown): void => {
    if (this.#fault !== undefined) return;
    const { target, total } = this.record;
    this.#fault = faultText(target, total, error);
    this.#onFault();
  };

  #reject(place: PiecePlace, piece: ArrivedPiece, reason: string): void {
    // A node that stops is asked again when it is back.
    if (!this.#isClosed) piece.answer({ place, status: 'rejected', reason });
  }
}

/** A piece with its bytes as they are in the file; undefined where they cannot be unpacked. */
function unpacked(piece: ArrivedPiece): ArrivedPiece | undefined {
  if (!piece.cmp) return piece;
  try {
    return { ...piece, bytes: decompress(piece.bytes, piece.cmp, MOST_PIECE_BYTES), cmp: undefined };
  } catch {
    return undefined;
  }
}

function faultText(target: string, total: number, error: unknown): string {
  if (isFull(error)) return noRoom(target, total).message;
  try {
    return targetError(target, error).message;
  } catch (temporary) {
    return (temporary as Error).message;
  }
}

function bytesOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

const ZEROS = Buffer.alloc(MOST_PIECE_BYTES);

/** Whether a piece is worth being left out: zeros alone, and enough of them. */
function isZero(bytes: Uint8Array): boolean {
  return bytes.length >= HOLE_BYTES && ZEROS.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
}
