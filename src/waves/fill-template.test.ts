import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillTemplate } from './fill-template.ts';

const SHIP = { name: 'ship1', labels: { region: 'north', 'a.b': '' }, os: 'linux 6.1.0' };

test('placeholders become what they are for a node, and those of others stay', () => {
  const text = '{{node}} {{ label.region }} {{label.a.b}}| {{os}} {{.Name}} {{STEWARD_DATA_FILE}} {x} {{';
  assert.equal(fillTemplate(text, SHIP), 'ship1 north | linux {{.Name}} {{STEWARD_DATA_FILE}} {x} {{');
});

test('a word that means nothing, and what is not known of the node, are refused', () => {
  const refusals: [string, RegExp][] = [
    ['{{nod}}', /\{\{nod\}\} means nothing in a template: write \{\{node\}\}, \{\{os\}\} or/],
    ['{{}}', /\{\{\}\} means nothing/],
    [
      '{{label.role}}',
      /\{\{label\.role\}\}: ship1 has no label role; leave such nodes out, as with 'ship\* and role=\*'/,
    ],
  ];
  for (const [text, message] of refusals)
    assert.throws(() => fillTemplate(text, SHIP), { exitCode: 1, message }, text);
  assert.throws(() => fillTemplate('{{os}}', { name: 'new' }), /the system of new is not known/);
});
