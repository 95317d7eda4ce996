import { defineCommand, EXIT } from '../line/command.ts';
import { terminalOf } from '../line/terminal.ts';
import { untilStopped } from '../line/until-stopped.ts';

/** `steward demo`: shows what Steward does, with real processes, in half a minute. */
export const demo = defineCommand({
  usage: ['demo [--keep]'],
  about: [
    'Starts a broker, central, ship1 and ship2 in a temporary folder, and shows with them: a command on both ships, a',
    'log that is followed, a command for a ship that is away, and that nothing is lost when central dies in',
    'mid-work. Each step tells which command does it by hand. Ends with exit code 0 only where all was seen to be so.',
  ],
  options: { keep: { summary: 'leave it running at the end, to play with, until Ctrl-C' } },
  examples: [{ line: 'steward demo --keep', does: 'show all, then leave the fleet to you' }],
  run: async (call) => {
    const [{ playDemo }, { Stage }] = await Promise.all([
      import('../../demo/demo.ts'),
      import('../../demo/stage.ts'),
    ]);
    const { style } = terminalOf(call.stdout, call);
    const stage = new Stage({ write: (text) => void call.stdout.write(text), style });
    using stopped = untilStopped();
    const isDone = await playDemo(
      { keeps: call.options.keep === true, env: call.env, signal: stopped.signal },
      stage,
    );
    return isDone ? EXIT.ok : EXIT.fault;
  },
});
