/**
 * The id of the message that a place was taken for. What has a higher id than all that was taken in the lane cannot
 * be a repetition, even where nothing else is known of it.
 */
export function seenId(known: string | undefined, id: string, lastId: string): string {
  return known ?? (lastId !== '' && id > lastId ? lastId : id);
}
