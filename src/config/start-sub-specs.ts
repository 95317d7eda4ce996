interface StartSubSpec {
  readonly type: 'bool';
  readonly default: boolean;
  readonly group: 'requests';
  readonly summary: string;
  readonly onCentral?: boolean;
}

/** A switch for each method that a node may take or not. */
export const START_SUB_SPECS = {
  ...startSub('REQErrorLog', 'collect the errors of all nodes', { default: false, onCentral: true }),
  ...startSub('REQHello', 'hellos of other nodes'),
  ...startSub('REQToFileAppend', 'append to a file'),
  ...startSub('REQToFile', 'write a file'),
  ...startSub('REQCopyFileFrom', 'read a file and send it on'),
  ...startSub('REQCopyFileTo', 'write a file that was sent'),
  ...startSub('REQPing', 'ping'),
  ...startSub('REQPong', 'answers to a ping'),
  ...startSub('REQCliCommand', 'run a command'),
  ...startSub('REQToConsole', 'print to the console'),
  ...startSub('REQHttpGet', 'fetch a web page'),
  ...startSub('REQTailFile', 'follow a file'),
  ...startSub('REQCliCommandCont', 'run a command and send its output as it comes'),
  ...startSub('REQRelay', 'relay between other nodes', { default: false }),
} as const;

/** A method that one of them switches; every other method is always taken. */
export type SwitchedMethod = MethodOf<keyof typeof START_SUB_SPECS>;
type MethodOf<Key> = Key extends `StartSub${infer Method}` ? Method : never;

function startSub<M extends string>(
  method: M,
  summary: string,
  more?: { default: boolean; onCentral?: boolean },
): Record<`StartSub${M}`, StartSubSpec> {
  const spec = { type: 'bool', default: true, group: 'requests', summary, ...more } as const;
  return { [`StartSub${method}`]: spec } as Record<`StartSub${M}`, StartSubSpec>;
}
