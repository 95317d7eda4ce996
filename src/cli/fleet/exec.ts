import { defineCommand } from '../line/command.ts';
import { CONFIRM_OPTIONS } from './confirm.ts';
import { FORM_OPTIONS, NODE_OPTIONS } from './with-node.ts';

/** `steward exec`: runs a command on nodes and shows what it prints and how it ends. */
export const exec = defineCommand({
  usage: [
    'exec [options] TARGET... -- COMMAND [ARG...]',
    'exec [options] TARGET... --shell SCRIPT',
    'exec [options] TARGET... --script FILE [-- ARG...]',
    'exec [options] --resume BATCH',
  ],
  about: [
    'Runs a command on every node that the targets mean, and prints what it prints, line by line,',
    'behind the name of its node. A target is a name, a pattern (ship*), @group, or label=value; and,',
    "or, not and ( ) join them in one word: 'ship* and region=north and not @dock'. Several targets add",
    "up, and '*' means all but central. label!=value also means nodes without the label: exec says how",
    'many. Everything after -- is passed to the program unchanged, without a shell.',
    '',
    'It ends when every node that can be reached has answered. A node that is away gets the command',
    'when it is back; Ctrl-C ends only the watching. The exit code is 0 where all succeeded, 1 for a',
    'mistake, 2 where some failed, 3 where some have not answered, 4 where a target names no known node',
    '(nothing is run then).',
  ],
  options: {
    shell: { value: 'SCRIPT', summary: 'run a script by sh -c instead of a command' },
    script: { value: 'FILE', summary: 'run this file there, with the words behind --', completes: 'file' },
    interpreter: { value: 'PROGRAM', summary: 'what runs the script; default as its first line says' },
    env: { short: 'e', multiple: true, value: 'NAME=VALUE', summary: 'a variable for the command' },
    cwd: { value: 'FOLDER', summary: 'the folder in which it runs there' },
    user: { short: 'u', value: 'NAME', summary: 'run it as this user of the node, which must run as root' },
    template: { summary: 'fill in {{node}}, {{os}} and {{label.NAME}} for each node' },
    stdin: { summary: 'give the command what comes on standard input here, on its own' },
    timeout: { short: 't', value: 'TIME', summary: 'how long it may run, or none; default 60s' },
    'expires-in': { value: 'TIME', summary: 'do not begin it later than this from now' },
    priority: {
      value: 'CLASS',
      summary: 'urgent, normal or bulk: what it goes before; default urgent where you wait for it',
      completes: ['urgent', 'normal', 'bulk'],
    },
    supersedes: {
      value: 'KEY',
      summary: 'take the place of what was sent to the node with this key and has not begun there',
    },
    at: { value: 'WHEN', summary: 'run it later: a time, or a cron expression in quotes' },
    wait: { value: 'TIME', summary: 'wait this long for nodes that are away; default 0s' },
    detach: { short: 'd', summary: 'submit it and end' },
    resume: { value: 'BATCH', summary: 'pick up a run that was left', completes: 'batch' },
    'dry-run': { short: 'n', summary: 'only say which nodes it would be, who is away, and what it costs' },
    new: { summary: 'take names of nodes that are not known yet' },
    limit: { value: 'N|N%', summary: 'at most this many nodes, or this share; those that are here first' },
    batch: { value: 'N|N%', summary: 'this many at a time, or this share' },
    'batch-wait': { value: 'TIME', summary: 'pause between these; default 0s' },
    canary: { value: 'N', summary: 'this many first, and the others if all of them succeed' },
    'max-errors': { value: 'N|N%', summary: 'begin no more once more than this have failed' },
    prefix: {
      value: 'WHEN',
      summary: 'name the node of each line: always, never, or for several nodes; default auto',
      completes: ['auto', 'always', 'never'],
    },
    fold: { summary: 'show the same answers once, at the end, and how others differ' },
    'log-dir': {
      value: 'FOLDER',
      summary: "write each node's output to a file of its own",
      completes: 'folder',
    },
    ...CONFIRM_OPTIONS,
    ...FORM_OPTIONS,
    ...NODE_OPTIONS,
  },
  operands: ['target'],
  examples: [
    { line: 'steward exec ship1 -- uptime', does: 'one command on one node' },
    { line: "steward exec 'ship*' -- df -h /", does: 'on every node whose name begins with ship' },
    { line: "steward exec 'region=north and not @dock' --dry-run", does: 'who that would be' },
    { line: 'steward exec ship1 ship2 --shell "dmesg | tail -3"', does: 'a script, on two nodes' },
    {
      line: "steward exec 'ship*' --script setup.sh --env TIER=2 --cwd /srv -- --fast",
      does: 'a script of this machine',
    },
    {
      line: "steward exec 'ship*' --template -- hostnamectl hostname {{node}}",
      does: 'another command for each node',
    },
    {
      line: "steward exec 'ship*' --fold -- uname -r",
      does: 'who answers the same, and how the others differ',
    },
    { line: 'steward exec ship1 --stdin -- tar xf - -C /srv < site.tar', does: 'with data for the command' },
    {
      line: 'steward exec @fleet --canary 1 --batch 10% --max-errors 2 -- apt-get -y upgrade',
      does: 'with care: one node, then a tenth at a time, and no more after three failures',
    },
  ],
  run: async (call) => (await import('./exec/exec-command.ts')).execCommand(call),
});
