import { isSameSecret } from '../lib/is-same-secret.ts';

const NEWLINE = 0x0a;
const MAX_LINE_BYTES = 8192;
const JSON_STARTS = new Set(Buffer.from('[{'));
const BLANKS = new Set(Buffer.from(' \t\r\n'));

export interface OpeningLineOptions {
  /** '' = none is expected, and one that comes is not looked at. */
  readonly token: string;
  /** Whether the connection is refused without the token. */
  readonly isTokenNeeded: boolean;
}

/**
 * Judges the first line of a TCP connection: `token <value>`, where the client has one to show.
 *
 * A line that begins an HTTP request is refused: a web page can have a browser send one to any port, and can choose
 * its path and body so that the whole reads as YAML.
 */
export class OpeningLine {
  readonly isTokenNeeded: boolean;
  isOver = false;
  refusal: string | undefined;
  readonly #token: string;
  #held: Buffer = Buffer.alloc(0);

  constructor({ token, isTokenNeeded }: OpeningLineOptions) {
    this.#token = token;
    this.isTokenNeeded = isTokenNeeded;
  }

  /** Whether an unfinished line is held, which silence ends. */
  get hasText(): boolean {
    return !this.isOver && this.#held.some((byte) => !BLANKS.has(byte));
  }

  /** Takes what came; once the line is judged, answers with the bytes that belong to submissions. */
  take(bytes: Uint8Array): Uint8Array | undefined {
    this.#held = Buffer.concat([this.#held, bytes]);
    const start = this.#held.findIndex((byte) => !BLANKS.has(byte));
    if (start < 0) return this.#wait();
    if (JSON_STARTS.has(this.#held[start]!)) return this.#pass(this.#held);
    const newline = this.#held.indexOf(NEWLINE, start);
    if (newline < 0) return this.#wait();
    return this.#judge(this.#held.toString('latin1', start, newline), this.#held.subarray(newline + 1));
  }

  /** Takes that nothing more comes, or not for a while. */
  end(): Uint8Array | undefined {
    const text = this.#held.toString('latin1').trim();
    if (text === '') {
      this.isOver = true;
      return undefined;
    }
    return this.#judge(text, Buffer.alloc(0));
  }

  /** Waits for more of the line, within limits. */
  #wait(): Uint8Array | undefined {
    return this.#held.length <= MAX_LINE_BYTES
      ? undefined
      : this.#refuse(this.isTokenNeeded ? TOKEN_NEEDED : TOO_LONG);
  }

  #judge(line: string, rest: Uint8Array): Uint8Array | undefined {
    if (/^[A-Z]+ \S.* HTTP\/\d(\.\d)?\s*$/.test(line)) return this.#refuse(NO_HTTP);
    const given = /^token[ \t]+(\S+)\s*$/.exec(line)?.[1];
    if (given === undefined) return this.#pass(this.#held);
    if (this.#token !== '' && !isSameSecret(given, this.#token)) return this.#refuse('the token is wrong');
    this.isOver = true;
    return rest;
  }

  #pass(bytes: Uint8Array): Uint8Array | undefined {
    if (this.isTokenNeeded) return this.#refuse(TOKEN_NEEDED);
    this.isOver = true;
    return bytes;
  }

  #refuse(reason: string): undefined {
    this.isOver = true;
    this.refusal = reason;
    return undefined;
  }
}

const TOKEN_NEEDED = 'a token is needed: the first line of a connection must be "token <value>"';
const TOO_LONG =
  'the first line has no end within 8 KiB: begin a connection with a token, with JSON, or with a shorter line of YAML';
const NO_HTTP = 'this is no HTTP server: HTTP requests go to the address of -httpListener';
