/**
 * One key. `key` is its name: `up`, `enter`, `esc`, `space`, `a`, `G`, with `ctrl+`, `meta+` or `shift+` in front where
 * these were held. `text` is what it writes, null where it writes nothing.
 */
export interface KeyPress {
  readonly key: string;
  readonly text: string | null;
}

/** The names of keys, by what the terminal library calls them. */
const NAMED = {
  ...{ upArrow: 'up', downArrow: 'down', leftArrow: 'left', rightArrow: 'right' },
  ...{ pageDown: 'pagedown', pageUp: 'pageup', home: 'home', end: 'end' },
  ...{ return: 'enter', escape: 'esc', tab: 'tab', backspace: 'backspace', delete: 'delete' },
} as const;

/** What the terminal library tells of keys, as far as it is used here. */
export type KeyFlags = Readonly<Record<keyof typeof NAMED | 'ctrl' | 'shift' | 'meta', boolean>>;

const CONTROL_NAMES: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'ctrl+j',
  '\t': 'tab',
  '\u007F': 'backspace',
  '\u001B': 'esc',
};

/** The keys that one piece of input holds; several where they came at once, as over a slow line. */
export function keyPresses(input: string, flags: KeyFlags): KeyPress[] {
  const named = Object.entries(NAMED).find(([flag]) => flags[flag as keyof typeof NAMED]);
  if (named !== undefined) return [{ key: withModifiers(named[1], flags), text: null }];
  const letters = [...input];
  if (letters.length === 1 && (flags.ctrl || flags.meta)) {
    return [{ key: withModifiers(letterName(input), { ...flags, shift: false }), text: null }];
  }
  return letters.map(letterPress);
}

function letterPress(letter: string): KeyPress {
  const named = CONTROL_NAMES[letter];
  if (named !== undefined) return { key: named, text: null };
  const code = letter.charCodeAt(0);
  if (code < 0x20) return { key: `ctrl+${String.fromCharCode(code + 0x60)}`, text: null };
  return { key: letterName(letter), text: letter };
}

function letterName(letter: string): string {
  return letter === ' ' ? 'space' : letter;
}

function withModifiers(name: string, { ctrl, meta, shift }: KeyFlags): string {
  // An escape key arrives as a meta key of itself.
  const isMeta = meta && name !== 'esc';
  return `${ctrl ? 'ctrl+' : ''}${isMeta ? 'meta+' : ''}${shift ? 'shift+' : ''}${name}`;
}
