/** A number of nodes, or a share of them. */
export type Amount = { readonly count: number } | { readonly percent: number };

/** Reads `10` or `10%`, of `least` at least; undefined for anything else. */
export function parseAmount(text: string, least = 1): Amount | undefined {
  const found = /^(\d{1,9})(%?)$/.exec(text.trim());
  const value = Number(found?.[1] ?? -1);
  const isShare = found?.[2] === '%';
  if (value < least || (isShare && value > 100)) return undefined;
  return isShare ? { percent: value } : { count: value };
}

/** How many of `total` that is: at least one, however small the share. */
export function atLeastOne(amount: Amount, total: number): number {
  return Math.max(1, shareOf(amount, total, Math.ceil));
}

/** How many of `total` that is at most. */
export function atMost(amount: Amount, total: number): number {
  return shareOf(amount, total, Math.floor);
}

function shareOf(amount: Amount, total: number, round: (value: number) => number): number {
  return 'count' in amount ? amount.count : round((amount.percent / 100) * total);
}
