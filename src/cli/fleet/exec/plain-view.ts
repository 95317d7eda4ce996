import { outcomeOfTarget } from '../../../waves/target-tracker.ts';
import { tell } from '../../print/tell.ts';
import { createRawSink } from './output-sink.ts';
import type { RunView, ViewOptions } from './view.ts';

/** Shows a run on one node: its bytes as they are and, where it did not succeed, a line that says so. */
export function createPlainView({ call, tracker, batch, later, now }: ViewOptions): RunView {
  return {
    sink: createRawSink(call),
    changed: () => {},
    note: (text) => tell(call.stderr, text),
    async finish(end) {
      if (tracker.targets.every((target) => outcomeOfTarget(target) === 'succeeded')) return;
      // What most runs do without takes its time to load.
      const [{ singleText }, { terminalOf }] = await Promise.all([
        import('./summary.ts'),
        import('../../line/terminal.ts'),
      ]);
      const options = { tracker, end, batch, later, now: now(), elapsedMs: 0, lastLines: new Map() };
      call.stderr.write(singleText({ ...options, terminal: terminalOf(call.stderr, call) }));
    },
    [Symbol.dispose]: () => {},
  };
}
