const KB = 1024;

/** Far above what this program sends: hellos are short, errors come in lots of 256 kB, reports bring as much of output. */
const MOST_BYTES: Readonly<Record<string, number>> = {
  ...{
    REQHello: 64 * KB,
    REQErrorLog: KB * KB,
    REQCancel: KB * KB,
    REQPong: KB * KB,
    REQReport: 16 * KB * KB,
  },
};

/** The most that another node's message of a method may be, bytes unpacked: what is read at length has no reason to be large. */
export function mostBytesOf(method: string): number | undefined {
  return MOST_BYTES[method];
}
