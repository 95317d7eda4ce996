/** Sorts things by their names as people order them: `ship2` before `ship10`, else by their characters. */
export function sortNaturally<T>(things: readonly T[], nameOf: (thing: T) => string): T[] {
  return things
    .map((thing) => ({ thing, name: nameOf(thing), key: keyOf(nameOf(thing)) }))
    .sort((a, b) => compareText(a.key, b.key) || compareText(a.name, b.name))
    .map(({ thing }) => thing);
}

/** A text that sorts by its characters as a name does naturally: before each number stands how long it is. */
function keyOf(name: string): string {
  return name.replace(/\d+/g, (digits) => {
    const number = digits.replace(/^0+(?=\d)/, '');
    // The first character is a digit still, so that numbers stay where digits are among other characters.
    return `0${String.fromCharCode(0x30 + number.length)}${number}`;
  });
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
