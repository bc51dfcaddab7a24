import { UserError } from '@chaos/history'
import { describe, expect, test } from 'vitest'
import { parseArguments } from '../src/arguments/parse-arguments.ts'
import type { Command } from '../src/command.ts'
import { EXIT } from '../src/exit-code.ts'

const check: Command = {
  name: 'check',
  summary: 'judge files',
  operand: { name: 'files', many: true, required: 'a file.' },
  options: {
    model: { type: 'string', describe: 'what it is' },
    timeout: { type: 'string', default: '30s', describe: 'how long' },
    guide: { type: 'boolean', default: true, describe: 'follow' },
    json: { type: 'boolean', describe: 'as JSON' },
  },
  examples: [],
  run: async () => EXIT.met,
}
const { operand: _, ...withoutOperand } = check
const beside: Command = { ...withoutOperand, name: 'beside', passesOn: true }
const one: Command = { ...check, name: 'one', operand: { name: 'file', many: false } }

describe('a command line', () => {
  test.each([
    [['a', 'b'], { operands: ['a', 'b'], timeout: '30s', guide: true }],
    [['--model', 'set', 'a', '--json'], { operands: ['a'], model: ['set'], json: true }],
    [['a', '--model=set', '--model', 'bag'], { model: ['set', 'bag'] }],
    [['a', '--timeout=1s', '--no-guide'], { timeout: ['1s'], guide: false }],
    [['-'], { operands: ['-'] }],
    [['a', '--model', '-1'], { model: ['-1'] }],
    [['a', '--model='], { model: [''] }],
    [['a', '--model=--x'], { model: ['--x'] }],
    [['--', '--json', '-x'], { operands: ['--json', '-x'] }],
  ])('%j is understood', (argv, expected) => {
    expect(parseArguments(check, argv)).toMatchObject({ passedOn: [], ...expected })
  })

  test('ends at the dashes where what follows is for another program', () => {
    const argv = ['--json', '--', 'npm', 'test', '--', '--json=3', '-x']
    expect(parseArguments(beside, argv)).toMatchObject({
      operands: [],
      passedOn: ['npm', 'test', '--', '--json=3', '-x'],
      json: true,
    })
  })

  test.each([
    [check, [], 'chaos check needs a file.'],
    [check, ['a', '--model'], '--model needs a value'],
    [check, ['a', '--model', '--json'], 'One that begins with dashes is written --model=--json.'],
    [check, ['a', '--json=3'], '--json is given or not: leave out "=3".'],
    [check, ['a', '--modle', 'x'], 'Unknown option --modle. Did you mean --model?'],
    [check, ['a', '-m'], 'Unknown option -m. chaos check --help lists them.'],
    [check, ['a', '--no-model'], 'Unknown option --no-model.'],
    [check, ['a', '--__proto__', 'x'], 'Unknown option --__proto__.'],
    [one, ['a', 'b'], 'chaos one takes no argument "b".'],
    [beside, ['npm'], 'chaos beside takes no argument "npm".'],
  ])('is refused where it makes no sense: %#', (command, argv, message) => {
    expect(() => parseArguments(command, argv)).toThrow(UserError)
    expect(() => parseArguments(command, argv)).toThrow(message)
  })
})
