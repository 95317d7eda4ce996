/** A message that appends a text to a file of ship1. */
export function append(text: string): Record<string, unknown> {
  return {
    toNode: 'ship1',
    method: 'REQToFileAppend',
    data: [text],
    directory: 'out',
    fileName: 'out.log',
    ACKTimeout: 1,
  };
}

/** A message that runs a script on ship1. */
export function command(script: string): Record<string, unknown> {
  return {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', script],
    replyMethod: 'REQNone',
    ACKTimeout: 1,
  };
}
