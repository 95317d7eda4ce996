/** Methods that came later, and that no node of the original program has. */
export const LATER_METHODS: readonly string[] = [
  'REQCancel',
  'REQOpQueueList',
  'REQOpQueueRemove',
  'REQOpScheduleList',
  'REQStartupAdd',
  'REQStartupList',
  'REQStartupRemove',
];

/** The methods that the reference knows and those that came later, to suggest one where a name is mistyped. */
export const METHOD_NAMES: readonly string[] = [
  'REQCliCommand',
  'REQCliCommandCont',
  'REQToFile',
  'REQToFileAppend',
  'REQToConsole',
  'REQToSocket',
  'REQNone',
  'REQPing',
  'REQPong',
  'REQHello',
  'REQHttpGet',
  'REQTailFile',
  'REQCopyFileFrom',
  'REQCopyFileTo',
  'REQErrorLog',
  'REQOpProcessList',
  'REQOpProcessStart',
  'REQOpProcessStop',
  'REQRelay',
  'REQRelayInitial',
  'REQInitial',
  ...LATER_METHODS,
];
