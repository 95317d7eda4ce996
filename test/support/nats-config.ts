/** A value of a nats-server configuration. */
export type NatsValue = string | number | boolean | NatsValue[] | { [key: string]: NatsValue };

const UNITS: Readonly<Record<string, number>> = { '': 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
const TOKEN = /\s*(?:#[^\n]*|\/\/[^\n]*|("(?:[^"\\]|\\.)*"|'[^']*'|[{}[\],;:=\n]|[^\s{}[\],;:="']+))/y;

/** Reads a configuration of nats-server, as far as the tests' ones go: no variables and no includes. */
export function parseNatsConfig(text: string): { [key: string]: NatsValue } {
  const tokens = tokensOf(text);
  const value = readMap(tokens, undefined);
  if (tokens.length > 0) throw new Error(`the configuration goes on with ${tokens[0]} where it should end`);
  return value;
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (found === null) throw new Error(`the configuration cannot be read at ${text.slice(at, at + 40)}`);
    const [, token] = found;
    if (token !== undefined && !/^[,;\n]$/.test(token)) tokens.push(token);
  }
  return tokens;
}

function readMap(tokens: string[], end: string | undefined): { [key: string]: NatsValue } {
  const map: { [key: string]: NatsValue } = {};
  while (tokens[0] !== end) {
    const key = plain(tokens.shift());
    if (tokens[0] === ':' || tokens[0] === '=') tokens.shift();
    map[String(key)] = readValue(tokens);
  }
  if (end !== undefined) tokens.shift();
  return map;
}

function readValue(tokens: string[]): NatsValue {
  const token = tokens.shift();
  if (token === '{') return readMap(tokens, '}');
  if (token !== '[') return plain(token);
  const list: NatsValue[] = [];
  while (tokens[0] !== ']') list.push(readValue(tokens));
  tokens.shift();
  return list;
}

function plain(token: string | undefined): string | number | boolean {
  if (token === undefined || /^[{}[\]:=]$/.test(token)) throw new Error(`a value is missing before ${token}`);
  if (token.startsWith('"')) return JSON.parse(token) as string;
  if (token.startsWith("'")) return token.slice(1, -1);
  if (token === 'true' || token === 'false') return token === 'true';
  const [, digits, unit = ''] = /^(-?\d+)([KMG]B)?$/i.exec(token) ?? [];
  return digits === undefined ? token : Number(digits) * UNITS[unit.toUpperCase()]!;
}
