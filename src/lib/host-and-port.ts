/** Where to listen or connect; an empty host means every interface. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port`, `:port` or `[ipv6]:port`; undefined where the text is none of them. */
export function parseHostAndPort(text: string): HostAndPort | undefined {
  const found = /^(?:\[(?<ipv6>[0-9a-fA-F:.]+)\]|(?<name>[A-Za-z0-9._-]*)):(?<port>\d{1,5})$/.exec(text);
  if (found?.groups === undefined) return undefined;
  const port = Number(found.groups.port);
  if (port > 65_535) return undefined;
  return { host: found.groups.ipv6 ?? found.groups.name ?? '', port };
}
