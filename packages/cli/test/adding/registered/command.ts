import { flag } from '../../../src/arguments/declare.ts'
import type { Command } from '../../../src/command.ts'

/** The complete code of a new command, except for the line that adds it to the list of commands. */
export const greet: Command = {
  name: 'greet',
  positional: '[who]',
  summary: 'say hello to whoever is named',
  options: { loud: flag('in capital letters') },
  examples: [['chaos greet world', 'the usual beginning']],
  async run({ who, loud }) {
    const text = `hello ${String(who)}`
    process.stdout.write(`${loud === true ? text.toUpperCase() : text}\n`)
    return 0
  },
}
