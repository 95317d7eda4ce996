const LOOPBACK = 'loopback';

/** What one party has to itself: an address of IPv4, the first half of one of IPv6, and all of loopback, where every address is this machine's. */
export function networkOf(address: string): string {
  const plain = /(?:^|:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (plain?.startsWith('127.') || address === '::1') return LOOPBACK;
  if (plain !== undefined) return plain;
  const [head = '', tail] = address.split('%', 1)[0]!.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const between = Array.from({ length: Math.max(0, 8 - first.length - last.length) }, () => '0');
  return [...first, ...between, ...last].slice(0, 4).join(':');
}
