const PATTERN = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const UUID = new RegExp(`^${PATTERN}$`);
const UUID_V7 = /^.{14}7.{4}[89ab]/;
const AT_BEGINNING = new RegExp(`^(${PATTERN})\\.(.+)$`, 's');

/** Whether a text is a UUID in small letters, as this program writes them. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Whether a text is a UUIDv7 in small letters. */
export function isUuidV7(text: string): boolean {
  return isUuid(text) && UUID_V7.test(text);
}

/** Takes a name of the form `<UUID>.<rest>` apart; undefined where it is none. */
export function splitAfterUuid(name: string): { readonly id: string; readonly rest: string } | undefined {
  const [, id, rest] = AT_BEGINNING.exec(name) ?? [];
  return id === undefined || rest === undefined ? undefined : { id, rest };
}
