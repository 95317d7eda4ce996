/** The first of some words, and how many more there are: `ship1, ship2 and 3 more`. */
export function firstWords(words: readonly string[], most: number, separator = ', '): string {
  const more = words.length > most ? ` and ${words.length - most} more` : '';
  return words.slice(0, most).join(separator) + more;
}
