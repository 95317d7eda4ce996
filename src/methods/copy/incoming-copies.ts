import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import { KeyedLock } from '../../lib/keyed-lock.ts';
import { syncFolder } from '../../lib/open-inside.ts';
import { putInPlace } from '../../lib/put-in-place.ts';
import { passOver } from '../../lib/system-fault.ts';
import { type FileSystem, systemFiles } from '../../lib/system-files.ts';
import { isTemporary, TemporaryError } from '../../lib/temporary-error.ts';
import { Basis } from './basis.ts';
import type { CopyBegin } from './copy-args.ts';
import { type CopyRecord, CopyRecords } from './copy-records.ts';
import {
  CopyTargetError,
  checkPlace,
  isOnlyWritable,
  openPart,
  ownershipOf,
  partPath,
  placeTarget,
  removePart,
  sha256At,
  targetError,
} from './copy-target.ts';
import { IncomingCopy } from './incoming-copy.ts';
import { type ArrivedPiece, parsePlace } from './piece-place.ts';

export interface IncomingCopiesOptions {
  /** The mode of folders that are made; 0700 unless told. */
  readonly folderMode?: number;
  /** Where records of transfers are kept. */
  readonly folder: string;
  /** How long what nobody came back for is kept, ms; 7 days unless told. */
  readonly keepMs?: number;
  readonly clock: Clock;
  readonly files?: FileSystem;
}

const KEEP_MS = 7 * 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;
/** A file stays open while no piece of it comes for this long at least, ms. */
const IDLE_MS = 600_000;
const CHANGED = 'the source file has changed since the copy began: send the request again';
const REMOVED =
  'is gone, which held what had come: this node removed it as the disk failed, or somebody did: send the request again';
const UNKNOWN =
  'nothing is known here of this copy any more: it failed just before this node ended, or what it keeps of copies was removed: send the request again';
/** A clock that is corrected by less is left out of account, ms. */
const STEP_MS = 60_000;

interface Active {
  readonly copy: IncomingCopy;
  /** Whether a piece came since it was looked last. */
  isUsed: boolean;
  cancelLook(): void;
}

/** The files that come to this node in pieces. */
export class IncomingCopies implements AsyncDisposable {
  readonly #options: IncomingCopiesOptions;
  readonly #records: CopyRecords;
  readonly #active = new Map<string, Active>();
  /** Transfers whose end is there already. */
  readonly #done = new Map<string, number>();
  /** Why transfers failed, where the disk does not even take that. */
  readonly #faults = new Map<string, CopyTargetError>();
  readonly #lock = new KeyedLock();
  readonly #clock: Clock;
  readonly #files: FileSystem;
  #prunedAt = Number.NEGATIVE_INFINITY;
  /** By how much the wall clock was ahead of the steady one. */
  #ahead: number;

  constructor(options: IncomingCopiesOptions) {
    this.#options = options;
    this.#files = options.files ?? systemFiles;
    this.#records = new CopyRecords(options.folder, this.#files);
    this.#clock = options.clock;
    this.#ahead = this.#clock.wallNow() - this.#clock.steadyNow();
  }

  /** Begins a transfer, or goes on with it where it was begun before; `name` is that of the source. Throws CopyTargetError, TemporaryError. */
  begin(order: CopyBegin, name = ''): Promise<void> {
    return this.#alone(order.transfer, async () => {
      await this.#prune();
      this.#faults.delete(order.transfer);
      const before = await this.#records.read(order.transfer);
      const record = before?.fault === undefined ? before : undefined;
      if (record && record.identity !== order.identity)
        throw await this.#failed(record, new CopyTargetError(CHANGED));
      if (record?.sha256 !== undefined) {
        await this.#moveAgain(record);
        this.#done.set(order.transfer, order.total);
        return;
      }
      const active = this.#active.get(order.transfer);
      if (active && active.copy.fault === undefined) return;
      await this.#forget(order.transfer);
      await this.#open(order, record, name).catch(async (error: unknown) => {
        throw record ? await this.#failed(record, error) : targetError(order.target, error);
      });
    });
  }

  /** Takes a piece, and answers it. */
  readonly takePiece = (piece: ArrivedPiece): void => {
    const place = parsePlace(piece.place);
    if (!place) return;
    const active = this.#active.get(place.transfer);
    const doneAt = this.#done.get(place.transfer);
    if (active) {
      active.isUsed = true;
      active.copy.take(place, piece);
    } else if (doneAt !== undefined) {
      piece.answer({ place: { ...place, offset: doneAt }, status: 'accepted' });
    } else {
      piece.answer({ place, status: 'unknown' });
    }
  };

  /**
   * Verifies the whole and moves it in place; where that was done before, nothing. Returns what could not be kept of the
   * old file. Throws as `begin` does.
   */
  end({ transfer, sha256 }: { transfer: string; sha256: string }): Promise<string[]> {
    return this.#alone(transfer, async () => {
      if (this.#faults.has(transfer)) throw this.#faults.get(transfer);
      const record = await this.#records.read(transfer);
      if (!record || record.fault !== undefined) throw new CopyTargetError(record?.fault ?? UNKNOWN);
      if (record.sha256 === undefined) return await this.#finish(record, sha256);
      if (record.sha256 !== sha256) throw new CopyTargetError('the copy has ended with another sha256');
      await this.#moveAgain(record);
      return [];
    });
  }

  /** Ends a transfer without a result, and removes what came. Throws TemporaryError where that cannot be done for now. */
  abort(transfer: string): Promise<void> {
    return this.#alone(transfer, async () => {
      const record = await this.#records.read(transfer);
      await this.#forget(transfer);
      if (record)
        await this.#remove(record).catch((error: unknown) => {
          if (isTemporary(error)) throw new TemporaryError((error as Error).message, { cause: error });
        });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#active.keys()].map((transfer) => this.#forget(transfer)));
  }

  async #alone<T>(transfer: string, work: () => Promise<T>): Promise<T> {
    const release = await this.#lock.acquire([transfer]);
    try {
      return await work();
    } finally {
      release();
    }
  }

  async #open(order: CopyBegin, known: CopyRecord | undefined, name: string): Promise<void> {
    const { transfer, total, mode, identity } = order;
    const size = (known && (await this.#files.stat(known.part).catch(() => undefined))?.size) ?? 0;
    const about = { bytes: Math.max(0, total - size), name: known ? '' : name };
    const { folderMode } = this.#options;
    const { path } = await placeTarget(known?.target ?? order.target, { ...about, folderMode }, this.#files);
    const next = known ?? { transfer, total, mode, identity, target: path, part: partPath(path, transfer) };
    if (!known) await this.#records.write(next);
    const { record, handle } = await this.#openPart(next);
    const there = (await handle.stat()).size;
    if (there > total) await handle.truncate(0);
    const basis = await Basis.open([path, ...(await this.#records.othersTo(record))], this.#files);
    this.#add(record, { handle, size: there > total ? 0 : there, basis });
  }

  /** Opens the growing file; next to the records where that of its target takes no new file. */
  async #openPart(record: CopyRecord): Promise<{ record: CopyRecord; handle: FileHandle }> {
    const open = async (path: string) => (await openPart(path, { make: true }, this.#files))!;
    try {
      return { record, handle: await open(record.part) };
    } catch (error) {
      if (!(await isOnlyWritable(error, record.target, this.#files))) throw error;
      const folder = await this.#files.realpath(this.#options.folder);
      const elsewhere = { ...record, part: partPath(join(folder, 'part'), record.transfer) };
      await this.#records.write(elsewhere);
      return { record: elsewhere, handle: await open(elsewhere.part) };
    }
  }

  #add(
    record: CopyRecord,
    part: { readonly handle: FileHandle; readonly size: number; readonly basis?: Basis | undefined },
  ): IncomingCopy {
    // What failed is kept for a while, so that whoever sends more of it learns why; its bytes are not.
    const onFault = () => void this.#files.rm(record.part, { force: true }).catch(() => undefined);
    const copy = new IncomingCopy(record, { ...part, onFault });
    const active: Active = { copy, isUsed: false, cancelLook: () => {} };
    const lookLater = () => {
      active.cancelLook = this.#clock.after(IDLE_MS, () => {
        if (!active.isUsed) return void this.#forget(record.transfer);
        active.isUsed = false;
        lookLater();
      });
    };
    lookLater();
    this.#active.set(record.transfer, active);
    return copy;
  }

  async #finish(record: CopyRecord, sha256: string): Promise<string[]> {
    const copy = this.#active.get(record.transfer)?.copy ?? (await this.#reopen(record));
    const { target, total, part } = record;
    if (!copy) throw new CopyTargetError(`${part} ${REMOVED}`);
    try {
      const found = await copy.sha256();
      if (copy.isClosed) throw new TemporaryError('the node stops');
      if (copy.fault !== undefined) throw new CopyTargetError(copy.fault);
      if (copy.written !== total)
        throw new CopyTargetError(`${copy.written} of ${total} bytes are there: send the request again`);
      if (found !== sha256)
        throw new CopyTargetError(
          `what came for ${target} has another sha256 than the source: send it again`,
        );
      const before = await this.#files.stat(target).catch(() => undefined);
      const notes = await copy.seal(before && ownershipOf(before), this.#files);
      await this.#records.write({ ...record, sha256, ino: (await copy.file.handle.stat()).ino });
      await checkPlace(target, this.#files);
      const ownNotes = await putInPlace(copy.file, target, { files: this.#files });
      this.#done.set(record.transfer, total);
      await this.#forget(record.transfer);
      return ownNotes ?? notes;
    } catch (error) {
      throw await this.#failed(record, error);
    }
  }

  async #reopen(record: CopyRecord): Promise<IncomingCopy | undefined> {
    const handle = await openPart(record.part, { make: false }, this.#files);
    return handle && this.#add(record, { handle, size: (await handle.stat()).size });
  }

  /** Of a verified file: it is moved, unless that was done before the node ended. */
  async #moveAgain(record: CopyRecord): Promise<void> {
    const { part, target, sha256, ino } = record;
    try {
      await using handle = await openPart(part, { make: false, ino }, this.#files);
      if (handle) return void (await putInPlace({ handle, path: part }, target, { files: this.#files }));
      const there = await this.#files.stat(target).catch(() => undefined);
      if (there?.isFile() && (there.ino === ino || (await sha256At(target, this.#files)) === sha256)) return;
      throw new CopyTargetError(
        `${target} is not the file that was copied: something else took its place, or it is gone`,
      );
    } catch (error) {
      throw await this.#failed(record, error);
    }
  }

  /** Removes what came. Returns why; throws what may pass. */
  async #failed(record: CopyRecord, error: unknown): Promise<CopyTargetError> {
    const fault = targetError(record.target, error);
    this.#faults.set(record.transfer, fault);
    await this.#forget(record.transfer);
    await this.#remove(record, fault.message).catch(() => undefined);
    return fault;
  }

  /** Removes what came, and then what is known of it but why it failed: of what stays, or comes back in a power cut, the record stays too. */
  async #remove({ part, transfer, ...more }: CopyRecord, fault?: string): Promise<void> {
    await removePart(part, this.#files);
    await syncFolder(dirname(part), this.#files).catch(passOver('ENOENT'));
    const rest = { part, transfer, ...more, fault };
    await (rest.fault === undefined ? this.#records.remove(transfer) : this.#records.write(rest));
  }

  async #forget(transfer: string): Promise<void> {
    const active = this.#active.get(transfer);
    if (!active) return;
    this.#active.delete(transfer);
    active.cancelLook();
    await active.copy[Symbol.asyncDispose]();
  }

  async #prune(): Promise<void> {
    const now = this.#clock.steadyNow();
    // How far the clock of files was set since it was looked last: they are as old as before.
    const ahead = this.#clock.wallNow() - now;
    const stepMs = ahead - this.#ahead;
    const isSet = Math.abs(stepMs) >= STEP_MS;
    if (!isSet && now - this.#prunedAt < PRUNE_EVERY_MS) return;
    if (isSet) await this.#records.shift(stepMs);
    this.#prunedAt = now;
    this.#ahead = ahead;
    this.#done.clear();
    this.#faults.clear();
    await this.#records.prune(this.#options.keepMs ?? KEEP_MS, this.#clock.wallNow());
  }
}
