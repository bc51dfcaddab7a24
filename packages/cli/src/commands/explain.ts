import { EXIT, type ExitCode } from '@chaosproxy/engine/run'
import { explain, renderExplained } from '@chaosproxy/report/explanation'
import { flag, inGroup, valuesOf, word } from '../arguments/declare.ts'
import { objectOptions, readingOptions } from '../arguments/reading.ts'
import { type Command, flagOf, type ParsedOptions, textOf } from '../command.ts'
import { readExplained } from '../explain/read-explained.ts'
import { print } from '../terminal/output.ts'
import { terminalOptions } from '../terminal/page-width.ts'
import { styleFor } from '../terminal/style.ts'

const explained = {
  level: word('the level to explain', 'the strongest level that is violated'),
  prove: flag(
    'verify the violation without the checker: list every order of the conflicting operations, and why each fails',
  ),
  ...objectOptions,
  ...readingOptions,
}

export const command: Command = {
  name: 'explain',
  positional: '<run>',
  needs: 'a run or a history: chaos explain chaos-results/DIR, or chaos explain history.jsonl.',
  summary: 'explain a violation step by step: what happened, what each level allows, what usually causes it',
  options: {
    ...inGroup('What is explained', [], explained),
    ...inGroup('Output', [], { json: flag('print one JSON object on stdout instead of text') }),
  },
  examples: [
    ['chaos explain chaos-results/20261120-074501-raft', 'a run'],
    ['chaos explain histories/stale-read.jsonl --level linearizable', 'a history, by one level'],
    ['chaos explain histories/stale-read.jsonl --prove', 'with every order of its operations'],
  ],
  run: executeExplain,
}

async function executeExplain(options: ParsedOptions): Promise<ExitCode> {
  const explanation = explain(await readExplained(textOf(options, 'run') ?? '', valuesOf(options, explained)))
  print(
    flagOf(options, 'json')
      ? `${JSON.stringify(explanation)}\n`
      : renderExplained(explanation, styleFor(), terminalOptions()),
  )
  return EXIT.met
}
