import { EXIT } from '@chaosproxy/engine/run'
import { reporters } from '@chaosproxy/report'
import { jsonOption } from '../arguments/declare.ts'
import { type Command, flagOf } from '../command.ts'
import { fitted } from '../terminal/fitted.ts'
import { listing } from '../terminal/listing.ts'
import { print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

export const command: Command = {
  name: 'reporters',
  positional: '',
  summary: 'list the output formats for results',
  options: jsonOption,
  examples: [
    ['chaos run --reporter junit=junit.xml', 'the page, and a file for a CI server'],
    ['chaos check history.jsonl --reporter markdown', 'for a pull request'],
  ],
  async run(options) {
    const rows = reporters.map(({ name, summary }) => ({ reporter: name, summary }))
    print(`${flagOf(options, 'json') ? JSON.stringify(rows) : fitted(linesOf().join('\n'))}\n`)
    return EXIT.met
  },
}

function linesOf(): string[] {
  return [
    ...listing(
      reporters.map(({ name, summary }) => [name, summary]),
      styleFor().bold,
    ),
    '',
    'Choose any: --reporter NAME for stdout, --reporter NAME=FILE for a file; chaos run, record, check and fuzz take it.',
    'Your reporter: a file whose default export returns the findings as a string (--reporter ./mine.ts), or an entry in "extend" of chaos.config.ts.',
  ]
}
