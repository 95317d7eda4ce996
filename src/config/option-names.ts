/** The flag of a TOML key: NodeName -> nodeName, TCPListener -> tcpListener. */
export function flagOf(key: string): string {
  return key.replace(/^(TCP|HTTP|TLS|[A-Z])/, (first) => first.toLowerCase());
}

/** The environment variable of a TOML key: NodeName -> NODE_NAME, RootCAPath -> ROOT_CA_PATH, StartSubREQToFile -> START_SUB_REQ_TO_FILE. */
export function envOf(key: string): string {
  const words = key.match(/(?:REQ|TCP|HTTP|TLS|TTL|MB|CA)(?=[A-Z]|$)|[A-Z][a-z]*/g) ?? [];
  return words.join('_').toUpperCase();
}
