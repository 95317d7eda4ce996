import { wait } from '../../src/lib/clock.ts';
import type { LiveOutput, RunCall, RunResult } from '../../src/message/method-contract.ts';
import { runCommand } from '../../src/methods/commands/run-command.ts';
import { resultOf } from '../../src/methods/commands/run-program.ts';
import type { RunMethod } from '../../src/methods/method.ts';
import { abortedState } from '../../src/methods/method-timeout.ts';
import { ReplyStream } from '../../src/methods/streams/reply-stream.ts';
import { createReqTailFile, type TailFileDeps } from '../../src/methods/streams/req-tail-file.ts';
import type { Life } from './machine.ts';
import { type CommandDeps, commandOf, readWork } from './sim-commands.ts';

/** A command prints a line this often, ms. */
const PRINTS_EVERY_MS = 150;
/** Something writes a line to the log of each machine this often, ms. */
const LOGS_EVERY_MS = 700;
/** How often it is looked whether a log has grown, ms. */
const LOOK_EVERY_MS = 250;

const ROOM = { shortage: async () => undefined };

/** How many lines a command prints that takes some time. */
export function printedLines(ms: number): number {
  return Math.ceil(ms / PRINTS_EVERY_MS);
}

/** REQCliCommandCont on a simulated machine: its output goes the way of the real one. */
export function createSimStream(deps: CommandDeps): RunMethod {
  return {
    ...{ name: 'REQCliCommandCont', kind: 'CommandACK', mode: 'run', summary: '', args: [] },
    run: (call) => run(call, deps),
  };
}

/** A command whose output goes to who asked for it while it runs, where that is asked for. */
export function withLive(method: RunMethod, deps: CommandDeps): RunMethod {
  return { ...method, run: (call) => (call.live ? runLive(call, call.live, deps) : method.run(call)) };
}

async function runLive(call: RunCall, live: LiveOutput, deps: CommandDeps): Promise<RunResult> {
  const { clock } = deps.life.edges;
  const { token, ms } = readWork(call.message);
  const over = new AbortController();
  let text = '';
  const print = async () => {
    for (let line = 0, sent = 0; line < printedLines(ms) && !over.signal.aborted; line++) {
      text += `${token}#${line}\n`;
      const data = Buffer.from(text.slice(sent));
      if (live.hasRoom(data.length)) {
        sent = text.length;
        await live.send([{ stream: 'stdout', offset: sent - data.length, data }]);
      }
      await wait(clock, PRINTS_EVERY_MS, over.signal);
    }
  };
  const printing = Promise.withResolvers<void>();
  const command = commandOf(call, deps, () => void print().then(printing.resolve, printing.reject));
  const end = await runCommand(command, deps.ground);
  if (!end.started) throw end.error;
  if (end.exitCode === undefined) over.abort();
  await printing.promise;
  const reply = Buffer.from(text);
  return resultOf(call, end, { facts: { outputBytes: reply.length, reply }, tail: Buffer.alloc(0) });
}

async function run(call: RunCall, deps: CommandDeps): Promise<RunResult> {
  const { message, signal } = call;
  if (signal.aborted) return { state: abortedState(signal), reason: 'it had not been started' };
  const { clock } = deps.life.edges;
  const output = new ReplyStream(call, { diskRoom: ROOM, clock });
  const killed = new AbortController();
  const printing = Promise.withResolvers<void>();
  const command = commandOf(call, deps, () => void print().then(printing.resolve, printing.reject));
  const end = await runCommand(command, deps.ground);
  if (!end.started) throw end.error;
  if (end.exitCode === undefined) killed.abort();
  try {
    await printing.promise;
    return resultOf(call, end, { facts: await output.end(), tail: Buffer.alloc(0) });
  } catch (error) {
    const reason = `its output could not be queued: ${(error as Error).message}`;
    return { state: signal.aborted ? abortedState(signal) : 'failed', reason };
  }

  async function print(): Promise<void> {
    const { token, ms } = readWork(message);
    for (let line = 0; line < printedLines(ms) && !killed.signal.aborted; line++) {
      await output.write(Buffer.from(`${token}#${line}\n`));
      await wait(clock, PRINTS_EVERY_MS, killed.signal);
    }
  }
}

/** REQTailFile on a simulated machine, whose log something else writes to all the time. */
export function createSimTail(life: Life): RunMethod {
  const { clock } = life.edges;
  const written = () => Math.floor(life.machine.timeline.now / LOGS_EVERY_MS);
  const follow: TailFileDeps['follow'] = async ({ signal }, output) => {
    let told = written();
    const tell = async () => {
      for (const until = written(); told < until; ) await output.write(Buffer.from(`L${++told}\n`));
    };
    while (!signal.aborted) {
      await wait(clock, LOOK_EVERY_MS, signal);
      await tell();
    }
    return { wasFound: true };
  };
  return createReqTailFile({ defaultMethodTimeout: 20 }, { diskRoom: ROOM, clock, follow });
}
