import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setUpCommands } from '../../../test/support/commands.ts';
import { createReqCliCommand } from './req-cli-command.ts';
import { createCommandMethod } from './run-program.ts';

test('the end of a command says whether it ran where the disk fails before or after that', async (t) => {
  const spoolFolder = `/tmp/${'x'.repeat(300)}`;
  const before = await setUpCommands(t, createReqCliCommand, { options: { spoolFolder } });
  const data = [Buffer.from('x')];
  const unmade = await before.run(['cat', '{{STEWARD_DATA_FILE}}'], { data });
  assert.equal(unmade.state, 'failed');
  assert.match(
    unmade.reason!,
    /it was not run, as the files for its data and output could not be made: ENAMETOOLONG/,
  );

  const fault = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
  const open = () => ({
    takers: { stdout: async () => {} },
    result: () => Promise.reject(fault),
    [Symbol.dispose]: () => {},
  });
  const after = await setUpCommands(t, (options, deps) =>
    createCommandMethod({
      name: 'REQCliCommand',
      summary: '',
      own: { ...options, ...deps },
      nothing: {},
      open,
    }),
  );
  const unread = await after.run(['true']);
  assert.deepEqual([unread.state, unread.exitCode], ['failed', 0]);
  assert.match(unread.reason!, /^the command ran, but its output could not be read: EIO/);
});
