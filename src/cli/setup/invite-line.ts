/** The line that makes a machine join. */
export function inviteLine(address: string, token: string): string {
  return `steward join ${address} ${token}`;
}
