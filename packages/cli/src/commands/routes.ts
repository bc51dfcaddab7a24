import { EXIT } from '@chaosproxy/engine/run'
import { didYouMean, usageError } from '@chaosproxy/history'
import { inGroup, jsonOption, word, words } from '../arguments/declare.ts'
import { type Command, type ParsedOptions, textsOf } from '../command.ts'
import { actions } from '../routes/actions.ts'
import { print } from '../terminal/output.ts'

export const command: Command = {
  name: 'routes',
  positional: '<action> [file]',
  needs: 'schema, check FILE, try FILE or suggest DATABASE',
  summary:
    'work on a route table: print its schema, check it, try a request, or propose one from the tables of a database',
  options: {
    ...inGroup('The request to try', [], {
      request: word('(try only) method and path, or @FILE for a file with the whole request'),
      header: words("(try only) a header of the request, such as 'X-Client: alice'"),
      body: word('(try only) the body of the request'),
    }),
    ...inGroup('The response to it', [], {
      answer: word('(try only) the status of the response, or @FILE for a file with the whole response', '200'),
      'answer-header': words('(try only) a header of the response'),
      'answer-body': word('(try only) the body of the response'),
    }),
    ...inGroup('The database', [], {
      statements: word('(suggest only) propose only tables named in this SQL file or log'),
    }),
    ...inGroup('How it is read', [], {
      model: word('model by which to judge the operations; chaos check --help lists the models'),
    }),
    ...jsonOption,
  },
  examples: [
    ['chaos routes schema > routes.schema.json', 'for editors: name it as "$schema" in the table'],
    ['chaos routes check routes.json', 'check a table'],
    [
      `chaos routes try routes.json --request 'GET /kv/x' --answer-body '{"value":1}'`,
      'show what this request would be recorded as',
    ],
    [
      'chaos routes suggest postgres://app@localhost/shop > whole.json',
      'propose a table that records whole transactions of a database',
    ],
    ['chaos routes suggest mysql://app@localhost/shop > whole.json', 'the same for MySQL or MariaDB'],
  ],
  async run(options: ParsedOptions) {
    const word = textsOf(options, 'action').at(-1) ?? ''
    const action = actions[word]
    if (action === undefined)
      throw usageError(
        `chaos routes ${word}: there is no such action. There are: ${Object.keys(actions).join(', ')}.${didYouMean(word, Object.keys(actions))}`,
      )
    print(await action(options))
    return EXIT.met
  },
}
