import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../config/config-error.ts';
import { OPTIONS } from '../../config/options.ts';
import { COMMANDS } from './commands.ts';
import { describeFailure } from './describe-failure.ts';
import { chooseCommand as choose } from './find-command.ts';
import { helpText } from './help.ts';

const chooseCommand = (argv: readonly string[]) => choose(argv, COMMANDS);

test('bare flags run a node, and a first word picks a command', () => {
  assert.equal(chooseCommand([]).command.name, 'run');
  const bare = chooseCommand(['-nodeName', 'version']);
  assert.deepEqual([bare.command.name, bare.args], ['run', ['-nodeName', 'version']]);
  const named = chooseCommand(['run', '-nodeName=a']);
  assert.deepEqual([named.command.name, named.args], ['run', ['-nodeName=a']]);
  assert.equal(chooseCommand(['version']).command.name, 'version');
});

test('words of other programs find what is meant here', () => {
  for (const [word, name] of Object.entries({
    ls: 'nodes',
    list: 'nodes',
    ui: 'stew',
    retry: 'resend',
    history: 'status',
  }))
    assert.equal(chooseCommand([word]).command.name, name);
  assert.throws(() => chooseCommand(['ssh', 'ship1']), {
    exitCode: 1,
    message: /steward exec NODE -- COMMAND/,
  });
  assert.throws(() => chooseCommand(['logs']), /steward tail NODE FILE follows a log/);
});

test('an unknown command is refused with the one that was meant', () => {
  assert.throws(() => chooseCommand(['helpp']), {
    exitCode: 1,
    message: /unknown command "helpp"; did you mean help\?/,
  });
  assert.throws(() => chooseCommand(['']), { exitCode: 1, message: /the commands are .*run, help, version/ });
});

test('help names every command and every flag with its variable, within 100 columns', () => {
  const text = helpText(COMMANDS);
  for (const { name, isHidden } of COMMANDS)
    assert.equal(new RegExp(`^  ${name} `, 'm').test(text), isHidden !== true, name);
  for (const { flag, type, env } of OPTIONS)
    assert.match(text, new RegExp(`^  -${flag} ${type} +${env}$`, 'm'));
  for (const line of text.split('\n')) assert.ok(line.length <= 100, line);
});

test('a failure is told in one line, with the place of a slip but not of an operator’s mistake', () => {
  const mistake = describeFailure(new ConfigError('bad-value', 'one\n  two'));
  assert.deepEqual(mistake, { text: 'one two', exitCode: 2 });
  const slip = describeFailure(new TypeError('x is not a function'));
  assert.equal(slip.exitCode, 1);
  assert.match(slip.text, /^x is not a function \(TypeError at .*commands\.test\.ts.*\)$/);
  assert.deepEqual(describeFailure('text'), { text: 'text', exitCode: 1 });
  const stopped = new SuppressedError(new Error('while stopping'), new ConfigError('bad-file', 'the reason'));
  assert.equal(describeFailure(stopped).text, 'the reason');
});
