import { statement } from '../store/statement.ts';
import type { JournalDeps } from './journal-deps.ts';
import type { LaneState } from './lane-record.ts';

interface Intent {
  readonly lane: number;
  readonly last: number;
  readonly method: string;
  readonly note: string;
}

/** An effect that a crash cut short is found complete, and then it counts, or is undone, and then it comes again. */
export async function recoverIntents(lanes: readonly LaneState[], deps: JournalDeps): Promise<void> {
  for (const intent of deps.store.all<Intent>('SELECT * FROM intents')) {
    const isComplete = await wasCompleted(intent, deps);
    const statements = [statement('DELETE FROM intents WHERE lane = ?', intent.lane)];
    const found = lanes.find(({ id }) => id === intent.lane);
    if (isComplete && found && intent.last > 0) {
      const next = intent.last + 1;
      found.next = Math.max(found.next, next);
      statements.push(
        statement('UPDATE journal_lanes SET next = max(next, ?) WHERE id = ?', next, intent.lane),
      );
    }
    await deps.store.write(statements);
    deps.logger.info(
      { method: intent.method, lane: intent.lane, isComplete },
      'an effect that was under way was checked',
    );
  }
}

async function wasCompleted({ method: name, note }: Intent, deps: JournalDeps): Promise<boolean> {
  const method = deps.methodOf(name);
  if (method?.mode !== 'effect' || !method.recover) return false;
  try {
    return await method.recover(note);
  } catch (error) {
    deps.logger.warn({ err: error, note }, `${name}: what a crash cut short could not be checked`);
    return false;
  }
}
