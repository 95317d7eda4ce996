type Format = 'bold' | 'dim' | 'green' | 'red' | 'magenta';

export interface StageDeps {
  write(text: string): void;
  /** Text in colour, where colours are wanted. */
  style(format: Format, text: string): string;
}

const WIDTH = 76;

/** Where the demo is told: headings, sentences, the commands that one would type, what they print, and checks. */
export class Stage {
  readonly #deps: StageDeps;
  #scene = 0;

  constructor(deps: StageDeps) {
    this.#deps = deps;
  }

  /** Begins a scene. */
  scene(title: string): void {
    const heading = `${++this.#scene}. ${title}`;
    this.#line();
    this.#line(this.#deps.style('bold', heading));
  }

  /** Tells what happens, wrapped to the width of a small terminal. */
  tell(text: string): void {
    for (const line of wrapped(text, WIDTH)) this.#line(`   ${line}`);
  }

  /** Shows a command that does by hand what is done now. */
  command(line: string): void {
    this.#line(`   ${this.#deps.style('magenta', `$ ${line}`)}`);
  }

  /** Shows what a command printed, or a part of it. */
  output(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.#line(`     ${this.#deps.style('dim', line)}`);
  }

  /** Says that something was looked at and is so. */
  checked(text: string): void {
    this.#line(`   ${this.#deps.style('green', '✓')} ${text}`);
  }

  /** Says that something is not as it should be. */
  failed(text: string): void {
    this.#line(`   ${this.#deps.style('red', '✗')} ${text}`);
  }

  #line(text = ''): void {
    this.#deps.write(`${text}\n`);
  }
}

function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
