import { likelyMeant } from '../config/likely-meant.ts';
import type { Command } from './command.ts';
import { UsageError } from './usage-error.ts';

/** What runs where no command is named: bare flags start a node, as they do in the reference. */
const DEFAULT_COMMAND = 'run';

/** Every command, in the order in which help shows them. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'exec',
    group: 'fleet',
    summary: 'run a command on nodes and show what it prints',
    load: async () => (await import('./exec.ts')).exec,
  },
  {
    name: 'send',
    group: 'fleet',
    summary: 'hand files of messages to the running node',
    load: async () => (await import('./send.ts')).send,
  },
  {
    name: 'tail',
    group: 'fleet',
    summary: 'follow a file on nodes',
    load: async () => (await import('./tail.ts')).tail,
  },
  {
    name: 'cp',
    group: 'fleet',
    summary: 'copy a file to nodes, or from them',
    load: async () => (await import('./cp.ts')).cp,
  },
  {
    name: 'get',
    group: 'fleet',
    summary: 'have nodes fetch a web page',
    load: async () => (await import('./get.ts')).get,
  },
  {
    name: 'ping',
    group: 'fleet',
    summary: 'see whether nodes answer, and how fast',
    load: async () => (await import('./ping.ts')).ping,
  },
  {
    name: 'ps',
    group: 'fleet',
    summary: 'list the processes of nodes',
    load: async () => (await import('./ps.ts')).ps,
  },
  {
    name: 'stew',
    group: 'state',
    summary: 'the terminal UI: nodes, requests, queues, and a form that sends messages',
    load: async () => (await import('./stew.ts')).stew,
  },
  {
    name: 'cancel',
    group: 'state',
    summary: 'end requests that have not ended',
    load: async () => (await import('./cancel.ts')).cancel,
  },
  {
    name: 'resend',
    group: 'state',
    summary: 'send again what failed or is missing',
    load: async () => (await import('./resend.ts')).resend,
  },
  {
    name: 'status',
    group: 'state',
    summary: 'say what became of requests; -f goes on with each change',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'watch',
    group: 'state',
    summary: 'show a batch or a request while it runs',
    load: async () => (await import('./watch.ts')).watch,
  },
  {
    name: 'why',
    group: 'state',
    summary: 'say what a request waits for, or why it ended so',
    load: async () => (await import('./why.ts')).why,
  },
  {
    name: 'nodes',
    group: 'state',
    summary: 'list nodes, with who is there and who is away',
    load: async () => (await import('./nodes.ts')).nodes,
  },
  {
    name: 'queue',
    group: 'state',
    summary: 'list what waits to be delivered, and for what',
    load: async () => (await import('./queue.ts')).queue,
  },
  {
    name: 'errors',
    group: 'state',
    summary: 'print the errors that nodes reported; -f follows them',
    load: async () => (await import('./errors.ts')).errors,
  },
  {
    name: 'audit',
    group: 'state',
    summary: 'print what ended, from the audit log',
    load: async () => (await import('./audit.ts')).audit,
  },
  {
    name: 'up',
    group: 'setup',
    summary: 'run a central node with a broker of its own, and say how others join',
    load: async () => (await import('./up.ts')).upCommand,
  },
  {
    name: 'invite',
    group: 'setup',
    summary: 'make a token that lets a machine join',
    load: async () => (await import('./invite.ts')).inviteCommand,
  },
  {
    name: 'join',
    group: 'setup',
    summary: 'make this machine a node of a fleet, and run it',
    load: async () => (await import('./join.ts')).joinCommand,
  },
  {
    name: 'forget',
    group: 'setup',
    summary: 'let a node in no more',
    load: async () => (await import('./forget.ts')).forgetCommand,
  },
  {
    name: 'keys',
    group: 'setup',
    summary: 'make, show and convert the keys that nodes sign in with',
    load: async () => (await import('./keys.ts')).keysCommand,
  },
  {
    name: 'broker',
    group: 'setup',
    summary: 'run a broker for trying things out and for a handful of nodes',
    load: async () => (await import('./broker.ts')).brokerCommand,
  },
  {
    name: 'broker-config',
    group: 'setup',
    summary: 'write a nats-server configuration with least permissions',
    load: async () => (await import('./broker-config.ts')).brokerConfigCommand,
  },
  {
    name: 'demo',
    group: 'program',
    summary: 'show in half a minute what Steward does',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'completion',
    group: 'program',
    summary: 'print what makes bash, zsh or fish complete commands and nodes',
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: '__complete',
    group: 'program',
    summary: 'answer a shell that completes',
    isHidden: true,
    load: async () => (await import('./completion.ts')).answerCompletion,
  },
  {
    name: 'service',
    group: 'setup',
    summary: 'make the node a service of systemd: install, uninstall, status',
    load: async () => (await import('./service.ts')).serviceCommand,
  },
  {
    name: 'doctor',
    group: 'setup',
    summary: 'look at what a node needs, and say what to do',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'run',
    group: 'program',
    summary: 'run a node; so do flags without a command',
    load: async () => (await import('./run.ts')).runNode,
  },
  {
    name: 'help',
    group: 'program',
    summary: 'print this text, or how a command is used: help exec',
    load: async () => (await import('./help.ts')).printHelp,
  },
  {
    name: 'version',
    group: 'program',
    summary: 'print the version',
    load: async () => (await import('./version.ts')).printVersion,
  },
];

/** Splits a command line into its command and that command's arguments. Throws UsageError for an unknown word. */
export function chooseCommand(argv: readonly string[]): { command: Command; args: readonly string[] } {
  const [word] = argv;
  const isNamed = word !== undefined && !word.startsWith('-');
  const name = isNamed ? word : DEFAULT_COMMAND;
  return { command: findCommand(name), args: isNamed ? argv.slice(1) : argv };
}

/** The command of a name. Throws UsageError, with the name that was likely meant. */
export function findCommand(name: string): Command {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  const names = COMMANDS.flatMap((candidate) => (candidate.isHidden ? [] : [candidate.name]));
  const close = likelyMeant(name, names);
  const hint = close === undefined ? `the commands are ${names.join(', ')}` : `did you mean ${close}?`;
  throw new UsageError(`unknown command ${JSON.stringify(name)}; ${hint}`);
}
