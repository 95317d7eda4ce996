/** Texts of the console about files. */
export const FILE_TEXTS = {
  files: 'Files from it',
  filesOf: (node: string) => `Files from ${node}`,
  filesNone: 'No file came from it: replies are kept in files, below data/, where a message asks for that.',
  filesCut: 'The data folder holds more than was looked through, or a folder that cannot be read.',
  filesMore: (total: number) => `More of the ${total}`,
  fileColumns: { path: 'File, below the data folder', size: 'Size', changed: 'Changed' },
  fileLarge: 'too large for a browser',
  filesThere: 'Files on it',
  fileThere: 'Path',
  fileHint: '/var/log/syslog',
  fileTail: 'Follow it',
  fileFrom: 'Copy it from there',
  fileTo: 'Copy one there',
} as const;
