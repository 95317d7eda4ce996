/** Which subjects a user may use; wildcards as in subscriptions. `deny` goes before `allow`. */
export interface SubjectRules {
  /** Where it is missing, all subjects are allowed. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** What a user may do; where a part is missing, it may do anything of that kind. */
export interface BrokerPermissions {
  readonly publish?: SubjectRules;
  readonly subscribe?: SubjectRules;
  /**
   * Whether the user may answer on the reply subjects of the messages it gets: `true` is one answer each, within two
   * minutes. Without `publish.allow` it may then publish nothing else.
   */
  readonly allowResponses?: boolean | ResponseRules;
}

export interface ResponseRules {
  /** Answers to each message; 1 unless told. */
  readonly max?: number;
  /** How long after the message, ms; two minutes unless told. */
  readonly withinMs?: number;
}

/** Somebody who may connect: by the public key of an nkey (`U...`), or by name and password. */
export interface BrokerUser {
  readonly name: string;
  readonly nkey?: string;
  readonly password?: string;
  readonly permissions?: BrokerPermissions;
}

/** The broker's certificate and key, and the authority that clients' certificates must come from; PEM texts. */
export interface BrokerTls {
  readonly certificate: string;
  readonly key: string;
  /** What certificate and key are called in errors. */
  readonly about?: string;
  /** Where it is given, every client must show a certificate of this authority. */
  readonly clientCa?: string;
}

/** What a broker allows each client and all of them together. */
export interface BrokerLimits {
  /** The largest payload with its headers, bytes. */
  readonly maxPayloadBytes: number;
  readonly maxConnections: number;
  /** Connections of one address that have not signed in; never more than half of all connections. */
  readonly maxSigningIn: number;
  /** Subscriptions of one connection. */
  readonly maxSubscriptions: number;
  /** The longest line of the protocol, bytes. */
  readonly maxControlLineBytes: number;
  /** What may wait for one client that reads too slowly, bytes; the client is cut off above. */
  readonly maxPendingBytes: number;
  /** What may wait for all clients together, bytes; above, the one with the most is cut off. */
  readonly maxTotalPendingBytes: number;
  /** How long a client may take to sign in, and for its TLS handshake before, ms. */
  readonly signInTimeoutMs: number;
  /** How long a client may read nothing while something waits for it, ms. */
  readonly writeTimeoutMs: number;
  /** Silence after which a client is asked for a sign of life, ms. */
  readonly pingIntervalMs: number;
  /** Questions without an answer after which it is cut off. */
  readonly maxPingsOut: number;
  /** How long a stop waits for clients to read what waits for them, ms. */
  readonly drainTimeoutMs: number;
}

/** How a broker listens and whom it lets in: without `users` and `token`, everybody. */
export interface BrokerOptions extends Partial<BrokerLimits> {
  /** '' = every interface. */
  readonly host: string;
  /** 0 = one that is free. */
  readonly port: number;
  readonly tls?: BrokerTls | undefined;
  readonly users?: readonly BrokerUser[] | undefined;
  /** Who shows this may do anything. */
  readonly token?: string | undefined;
  /** Shown to clients. */
  readonly version?: string;
  /** The setting that names the place, for errors. */
  readonly addressOption?: string;
}

/** The limits where none are given; most are those of nats-server. */
export const BROKER_LIMITS: BrokerLimits = {
  maxPayloadBytes: 1024 * 1024,
  // A broker for a handful of nodes: what all could hold together stays within what a small machine has.
  maxConnections: 1024,
  // Behind one address there may be a fleet whose link comes back: this many are through within a second or two.
  maxSigningIn: 256,
  maxSubscriptions: 10_000,
  maxControlLineBytes: 4096,
  maxPendingBytes: 64 * 1024 * 1024,
  maxTotalPendingBytes: 256 * 1024 * 1024,
  // Links by satellite take seconds for a TLS handshake.
  signInTimeoutMs: 10_000,
  // As steward broker-config writes it for nats-server: thin links are slow to read what comes at once.
  writeTimeoutMs: 60_000,
  // As steward broker-config writes them: a metered node asks every 288 s, and pays for each question of the broker.
  pingIntervalMs: 300_000,
  maxPingsOut: 1,
  drainTimeoutMs: 2000,
};

/** The largest payload that may be allowed: the protocol's sizes are kept well below 2^31. */
export const MAX_PAYLOAD_LIMIT = 64 * 1024 * 1024;
