/** What a client says of itself with CONNECT; what it does not say stays as it was. */
export interface ClientOptions {
  readonly verbose: boolean;
  readonly pedantic: boolean;
  readonly echo: boolean;
  readonly headers: boolean;
  readonly no_responders: boolean;
  readonly protocol: number;
  readonly name: string;
  readonly lang: string;
  readonly version: string;
  readonly user: string;
  readonly pass: string;
  readonly auth_token: string;
  readonly nkey: string;
  readonly sig: string;
}

/** Of a client that has not said CONNECT. */
export const UNSAID: ClientOptions = {
  ...{ verbose: true, pedantic: true, echo: true, headers: false, no_responders: false, protocol: 0 },
  ...{ name: '', lang: '', version: '', user: '', pass: '', auth_token: '', nkey: '', sig: '' },
};

/** Reads the JSON of a CONNECT; undefined where it is none, or a field has another type than it must have. */
export function readClientOptions(json: Buffer, before: ClientOptions): ClientOptions | undefined {
  let said: unknown;
  try {
    said = JSON.parse(json.toString('utf8'));
  } catch {
    return undefined;
  }
  if (said === null) return before;
  if (typeof said !== 'object' || Array.isArray(said)) return undefined;
  const options: Record<string, unknown> = { ...before };
  for (const [key, value] of Object.entries(said)) {
    if (!Object.hasOwn(UNSAID, key) || value === null) continue;
    if (typeof value !== typeof options[key]) return undefined;
    options[key] = value;
  }
  return options as unknown as ClientOptions;
}
