import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ListenError } from './listen-error.ts';
import { readNeededFile } from './plain-file.ts';

/** A certificate with those that vouch for it, and its key, in PEM. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** A server that goes on with another pair. */
interface PairTaker {
  setSecureContext(pair: TlsPair): void;
}

interface TlsFilesOptions {
  readonly certFile: string;
  readonly keyFile: string;
  /** How often the files are looked at, ms. */
  readonly everyMs?: number;
}

interface TlsFilesDeps {
  readonly now: () => number;
  readonly logger: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
}

const EVERY_MS = 30_000;
/** A certificate that ends sooner is warned of, ms. */
const SOON_MS = 14 * 86_400_000;

/** Certificate and key of a server, read anew when they change: others renew them while it runs. */
export class TlsFiles {
  readonly #options: TlsFilesOptions;
  readonly #deps: TlsFilesDeps;
  #pair: TlsPair;
  /** What is wrong with the files since the last good ones. */
  #fault: string | undefined;

  private constructor(pair: TlsPair, options: TlsFilesOptions, deps: TlsFilesDeps) {
    this.#pair = pair;
    this.#options = options;
    this.#deps = deps;
  }

  /** Throws ListenError where the files are no certificate and its key. */
  static async open(options: TlsFilesOptions, deps: TlsFilesDeps): Promise<TlsFiles> {
    const files = new TlsFiles(await readPair(options), options, deps);
    files.#warnOfEnd();
    return files;
  }

  get pair(): TlsPair {
    return this.#pair;
  }

  /** The host names that the certificate is for, without those with a `*`. */
  get names(): string[] {
    const { subjectAltName = '' } = new X509Certificate(this.#pair.cert);
    return [...subjectAltName.matchAll(/DNS:([^,*\s]+)(?:,|$)/g)].map(([, name]) => name!);
  }

  /** Hands each new pair to a server, at SIGHUP at once, until the result is disposed. Bad ones are logged, and the old one stays. */
  follow(server: PairTaker): Disposable {
    const look = () => void this.#look(server);
    const timer = setInterval(look, this.#options.everyMs ?? EVERY_MS).unref();
    process.on('SIGHUP', look);
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        process.off('SIGHUP', look);
      },
    };
  }

  async #look(server: PairTaker): Promise<void> {
    try {
      const pair = await readPair(this.#options);
      this.#fault = undefined;
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return;
      this.#pair = pair;
      server.setSecureContext(pair);
      this.#deps.logger.info({ certFile: this.#options.certFile }, 'a new certificate is in use');
      this.#warnOfEnd();
    } catch (error) {
      const { message } = error as Error;
      if (message === this.#fault) return;
      this.#fault = message;
      this.#deps.logger.warn({ err: error }, 'a new certificate cannot be used: the one before stays');
    }
  }

  #warnOfEnd(): void {
    const { validTo } = new X509Certificate(this.#pair.cert);
    if (Date.parse(validTo) - this.#deps.now() < SOON_MS)
      this.#deps.logger.warn(
        { validTo, certFile: this.#options.certFile },
        'a certificate ends soon: renew it',
      );
  }
}

async function readPair({ certFile, keyFile }: TlsFilesOptions): Promise<TlsPair> {
  const failure = { as: ListenError, code: 'bad-certificate' } as const;
  const [cert, key] = [await readNeededFile(certFile, failure), await readNeededFile(keyFile, failure)];
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (cause) {
    const reason = `${certFile} and ${keyFile} are no certificate and its key, in PEM: ${(cause as Error).message}`;
    throw new ListenError('bad-certificate', reason, { cause });
  }
}
