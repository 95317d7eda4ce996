import { lstat, readdir, rename, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { SubmissionAnswer } from '../contract/requests.ts';
import { systemClock } from '../lib/clock.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { newId } from '../lib/new-id.ts';
import { syncFolder } from '../lib/open-inside.ts';
import { readFault, readPlainFile } from '../lib/plain-file.ts';
import { systemFault } from '../lib/system-fault.ts';
import { isTemporary } from '../lib/temporary-error.ts';
import { splitAfterUuid } from '../lib/uuid.ts';
import { refusalLine, refusalTexts, verdictOf } from './answer-line.ts';

type Stored = readonly { readonly id: string }[];

export interface TransferDeps {
  readonly submissions: {
    /** Submits messages under a batch, except those that are stored already; rejects when some could not be stored. */
    resume(
      text: Uint8Array,
      resume: { readonly batch: string; readonly stored: Stored; readonly since?: number },
      by: string,
    ): Promise<string>;
  };
  readonly ledger: {
    /** What is stored under a batch, in the order in which it was submitted. */
    batch(batch: string): Stored;
  };
  readonly errorReporter: { report(text: string): void };
  readonly logger: {
    info(fields: object, text: string): void;
    warn(fields: object, text: string): void;
  };
}

/** A folder whose files are submissions, and how large they may be. */
export interface MessageFolder {
  readonly folder: string;
  readonly maxBytes: number;
}

const { steadyNow, wallNow } = systemClock;
const MAX_NAME_BYTES = 200;

const PARTS = ['sending', 'sent', 'refused'];

/** A file cannot be read for now. */
class UnreadError extends Error {}

/**
 * Brings message files from the read folder to `sent/` or `refused/`, each sent once, also when the node is killed.
 *
 * A file is first moved to `sending/<batch>.<name>`, durably; then its messages are stored, in order, under that
 * batch; then it is moved on. For a file that is found in `sending/` later, the messages that its batch has stored are
 * the first ones, and the others are sent then. (Those of a kind that is never stored, hellos, may be sent again.)
 * Next to the file go `<name>.answer.json`, the answer, and for one in `refused/` also `<name>.reason.txt`.
 */
export class FileTransfer {
  readonly #options: MessageFolder;
  readonly #deps: TransferDeps;
  /** When what is being sent was put into the folder, ms of the steady clock. */
  readonly #putAt = new Map<string, number>();

  constructor(options: MessageFolder, deps: TransferDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Makes the folders within the read folder that are not among the names there: somebody may have removed them. */
  async makeParts(names: readonly string[]): Promise<void> {
    for (const part of PARTS) {
      if (!names.includes(part)) await makeFolders(join(this.#options.folder, part), 0o700);
    }
  }

  /**
   * Sends a file of the read folder, which was put there after the steady clock stood at `notBefore`, ms. Rejects when it could
   * not be stored; `finishAll` then tries again.
   */
  async send(name: string, notBefore = Number.NEGATIVE_INFINITY): Promise<void> {
    const { folder } = this.#options;
    const moved = `${newId()}.${shortened(name)}`;
    // When it was put there: a rename changes this, and leaves the time at which it was written.
    const { ctimeMs } = await lstat(join(folder, name));
    const now = steadyNow();
    this.#putAt.set(moved, Math.max(now - Math.max(0, wallNow() - ctimeMs), notBefore));
    await rename(join(folder, name), join(folder, 'sending', moved));
    await syncFolder(join(folder, 'sending'));
    await syncFolder(folder);
    await this.#finish(moved);
  }

  /** Moves a file of the read folder to `refused/` without sending it. */
  async refuse(name: string, reason: string): Promise<void> {
    await this.#settle(join(this.#options.folder, name), shortened(name), refusalLine(reason));
  }

  /**
   * Goes on with all files in `sending/`, in the order in which they were begun. One that cannot be read for now holds up no
   * others: this rejects with the first of them at the end.
   */
  async finishAll(signal: AbortSignal): Promise<void> {
    let unread: UnreadError | undefined;
    for (const moved of (await readdir(join(this.#options.folder, 'sending'))).sort()) {
      if (signal.aborted) return;
      if (splitAfterUuid(moved)) {
        await this.#finish(moved).catch((error: unknown) => {
          if (!(error instanceof UnreadError)) throw error;
          unread ??= error;
        });
      } else this.#deps.logger.warn({ file: moved }, 'a file in sending/ was not put there by this program');
    }
    if (unread) throw unread;
  }

  async #finish(moved: string): Promise<void> {
    // A batch's id and the name that the file was dropped under.
    const { id: batch, rest: name } = splitAfterUuid(moved)!;
    const path = join(this.#options.folder, 'sending', moved);
    const text = await readPlainFile(path, { maxBytes: this.#options.maxBytes, followsLinks: false }).catch(
      (error: Error) => {
        if (isTemporary(error))
          throw new UnreadError(`sending/${moved}: ${readFault(error)}`, { cause: error });
        return error;
      },
    );
    const putAt = this.#putAt.get(moved);
    const since = putAt === undefined ? (await lstat(path)).ctimeMs : wallNow() - (steadyNow() - putAt);
    const resume = { batch, stored: this.#deps.ledger.batch(batch), since };
    const line =
      text instanceof Error
        ? refusalLine(systemFault(text))
        : await this.#deps.submissions.resume(text, resume, `read folder, ${name}`);
    await this.#settle(path, name, line);
    this.#putAt.delete(moved);
  }

  async #settle(path: string, name: string, line: string): Promise<void> {
    const isSent = verdictOf(line) === 'accepted';
    const folder = join(this.#options.folder, isSent ? 'sent' : 'refused');
    const target = join(folder, await freeName(folder, name));
    await writeFile(`${target}.answer.json`, `${line}\n`, { mode: 0o600 });
    if (!isSent) await writeFile(`${target}.reason.txt`, reasonText(line), { mode: 0o600 });
    await rename(path, target);
    if (isSent) this.#deps.logger.info({ file: name }, 'a message file was sent');
    else this.#deps.errorReporter.report(`error: read folder: ${name}: ${refusalTexts(line, 3).join('; ')}`);
  }
}

function reasonText(line: string): string {
  const { accepted } = JSON.parse(line) as SubmissionAnswer;
  const sent = accepted.map(({ index, toNode, id }) => `sent: message ${index} to ${toNode}: ${id}`);
  return `${[...refusalTexts(line, 1000).map((text) => `refused: ${text}`), ...sent].join('\n')}\n`;
}

/** The name, or where it is taken already the name with a number. */
async function freeName(folder: string, name: string): Promise<string> {
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${stem}.${number}${extension}`;
    const found = await lstat(join(folder, candidate)).catch(() => undefined);
    if (found === undefined) return candidate;
  }
}

/** The name, cut so that what is put before and behind it still fits. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const extension = extname(name).slice(0, 10);
  const stem = Buffer.from(name).subarray(0, MAX_NAME_BYTES - Buffer.byteLength(extension) - 4);
  return `${stem.toString('utf8').replaceAll('\ufffd', '')}${extension}`;
}
