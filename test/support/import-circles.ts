/** What each file imports, by path; imports of packages are none. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * The circles of files that import one another, each as the files of one strongly connected group, sorted. Types count:
 * who cannot be read without the other is in one room with it.
 */
export function importCircles(graph: ImportGraph): string[][] {
  const search = new CircleSearch(graph);
  for (const file of graph.keys()) search.visit(file);
  return search.circles.toSorted((a, b) => a[0]!.localeCompare(b[0]!));
}

/** Tarjan's search for strongly connected groups. */
class CircleSearch {
  readonly circles: string[][] = [];
  readonly #graph: ImportGraph;
  readonly #numbers = new Map<string, number>();
  readonly #lowest = new Map<string, number>();
  readonly #stack: string[] = [];

  constructor(graph: ImportGraph) {
    this.#graph = graph;
  }

  visit(file: string): void {
    if (this.#numbers.has(file)) return;
    this.#numbers.set(file, this.#numbers.size);
    this.#lowest.set(file, this.#numbers.get(file)!);
    this.#stack.push(file);
    const targets = (this.#graph.get(file) ?? []).filter((target) => this.#graph.has(target));
    for (const target of targets) this.#follow(file, target);
    if (this.#lowest.get(file) !== this.#numbers.get(file)) return;
    const group = this.#stack.splice(this.#stack.indexOf(file));
    if (group.length > 1 || targets.includes(file)) this.circles.push(group.toSorted());
  }

  #follow(file: string, target: string): void {
    const isNew = !this.#numbers.has(target);
    this.visit(target);
    if (!isNew && !this.#stack.includes(target)) return;
    const reached = isNew ? this.#lowest.get(target)! : this.#numbers.get(target)!;
    this.#lowest.set(file, Math.min(this.#lowest.get(file)!, reached));
  }
}
