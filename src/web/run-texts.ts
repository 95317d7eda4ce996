/** Texts of the console about running something. */
export const RUN_TEXTS = {
  runOn: 'On which nodes',
  runWhat: 'Command',
  runHint: 'uname -sr',
  runShell: 'with a shell, so that pipes and variables work',
  runKind: 'What to do',
  runKinds: { command: 'Run a command', script: 'Run a script' },
  runScript: 'a script',
  runScriptHint: '#!/bin/sh',
  runMore: 'More about it',
  runMoreHow:
    'What is left empty is as the node has it. A command may take 60 seconds, if nothing else is said.',
  runCheck: 'Check',
  runGo: 'Run',
  runHere: 'Run something on it',
  runPreview: (total: number, here: number, away: number) =>
    `${total} ${total === 1 ? 'node' : 'nodes'}: ${here} here, ${away} away. Those that are away get it when they are back.`,
  runSure: (what: string, nodes: number) => `Run ${what} on ${nodes} ${nodes === 1 ? 'node' : 'nodes'}?`,
  runChecked: (nodes: number) => `It can be sent to ${nodes} ${nodes === 1 ? 'node' : 'nodes'}.`,
  runCost: (each: string, all: string) =>
    `About ${each} to each of them, ${all} together, without what they answer.`,
  runWho: 'Who that is',
  waves: 'In waves',
  wavesHow:
    'What is left empty is as if nothing was said: all begin at once. The node gives them their turn, also when this page is closed. Nodes that are away come last.',
  waveFields: {
    batch: 'this many at a time, or this share, such as 5 or 10%',
    'batch-wait': 'pause between these, such as 10s',
    canary: 'this many first, and the others if all of them succeed',
    'max-errors': 'begin no more once more than this have failed, such as 2 or 10%',
    limit: 'at most this many nodes, or this share; those that are here first',
  },
  waveFault: (field: string, text: string) => `${field} cannot be ${text}`,
  wavesGoing: (had: number, all: number) =>
    `${had} of ${all} nodes have had their turn. The others follow by themselves.`,
  wavesStopped: (without: number, reason: string) =>
    `Stopped: ${reason}. ${without} ${without === 1 ? 'node has' : 'nodes have'} had no turn.`,
  runSent: 'Sent. The key u takes back what has not ended.',
  runNobody: 'That means no node.',
  runMissing: 'Say which nodes, and what to run.',
  mayNotRun: 'This session may look, and not act: run steward web for one that may.',
} as const;
