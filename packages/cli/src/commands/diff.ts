import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { check } from '@chaosproxy/engine'
import { EXIT, type ExitCode, packageVersion, RUN_JSON } from '@chaosproxy/engine/run'
import { inputError, isObject, usageError } from '@chaosproxy/history'
import { isStored, type ReadOptions, readHistory, storedHistory } from '@chaosproxy/history/files'
import { toJson } from '@chaosproxy/report'
import { differenceOf, renderDifference, renderDifferenceHtml } from '@chaosproxy/report/difference'
import { type Parsed, resultIn } from '@chaosproxy/runner/result'
import { flag, forcePage, inGroup, valuesOf, word } from '../arguments/declare.ts'
import { givenObject, objectOptions, readingOf, readingOptions } from '../arguments/reading.ts'
import { type Command, flagOf, type ParsedOptions, textOf } from '../command.ts'
import type { ValuesOf } from '../option.ts'
import { pageChoice, refuseToLose } from '../reporting/choice.ts'
import { print } from '../terminal/output.ts'
import { writeNamed } from '../terminal/overwriting.ts'
import { terminalOptions } from '../terminal/page-width.ts'
import { styleFor } from '../terminal/style.ts'

export const command: Command = {
  name: 'diff',
  positional: '<before> <after>',
  needs:
    'two results: chaos diff chaos-results/ONE chaos-results/OTHER. Each is a run, what --json printed, or a history.',
  summary: 'compare two runs or histories: verdicts, availability, latency, losses',
  options: {
    ...inGroup('What is compared', [], { ...objectOptions, ...readingOptions }),
    ...inGroup('Output', [], {
      out: word('write the comparison as an HTML page to this file, with the faults of both runs on one time axis'),
      force: forcePage,
      json: flag('print one JSON object on stdout instead of text'),
    }),
  },
  examples: [
    ['chaos diff chaos-results/20261120-074501-raft chaos-results/20261121-074502-raft', 'two runs'],
    ['chaos diff histories/fresh-read.jsonl histories/stale-read.jsonl', 'two histories'],
    ['chaos diff chaos-results/ONE chaos-results/OTHER --out diff.html', 'as a page'],
  ],
  run: executeDiff,
}

async function executeDiff(options: ParsedOptions): Promise<ExitCode> {
  const [before, after] = [textOf(options, 'before') ?? '', textOf(options, 'after') ?? '']
  const out = textOf(options, 'out')
  if (out !== undefined) refuseToLose([pageChoice(out)], flagOf(options, 'force'))
  const reading = { ...valuesOf(options, objectOptions), ...readingOf(valuesOf(options, readingOptions)) }
  const results = [await resultOf(before, reading), await resultOf(after, reading)] as const
  const difference = differenceOf(...results)
  if (out !== undefined) writePage(out, results, namesOf(before, after))
  const text = flagOf(options, 'json')
    ? `${JSON.stringify(difference)}\n`
    : renderDifference(difference, namesOf(before, after), styleFor(), terminalOptions())
  print(text)
  return EXIT.met
}

function writePage(
  out: string,
  [before, after]: readonly [Parsed, Parsed],
  [first, second]: readonly [string, string],
): void {
  const page = renderDifferenceHtml({
    version: packageVersion(),
    before: { name: first, result: before },
    after: { name: second, result: after },
  })
  writeNamed(out, page, `--out ${out}`)
}

/** Short names that distinguish the two files. */
function namesOf(before: string, after: string): readonly [string, string] {
  const [first, second] = [basename(before), basename(after)]
  return first === second ? [before, after] : [first, second]
}

/**
 * Returns the result in a run's directory, in a `run.json` or in another file with a result. Given a history, checks
 * the history and returns the result of this check.
 */
async function resultOf(typed: string, reading: Reading): Promise<Parsed> {
  if (isStored(typed)) return checkedResult(typed, reading)
  if (!existsSync(typed)) throw usageError(`${typed}: there is no such run, result or history. Check the path.`)
  const run = join(typed, RUN_JSON)
  const path = statSync(typed).isDirectory() ? (existsSync(run) ? run : (storedHistory(typed) ?? run)) : typed
  if (!existsSync(path)) throw usageError(`${typed}: this directory has no run.json. Give the directory of a run.`)
  return writtenResult(path) ?? (await checkedResult(path, reading))
}

/**
 * Returns the result in a JSON file. Returns undefined for any other file, and for JSON that is no object: the file may
 * then be a history.
 *
 * @throws UserError (input) if the file has another JSON object
 */
function writtenResult(path: string): Parsed | undefined {
  if (!path.endsWith('.json')) return undefined
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
  if (!isObject(json)) return undefined
  const result = resultIn(json)
  if (result !== undefined) return result
  throw inputError(
    `${path}: this is not a result of chaos. Give the directory of a run, a file with the output of --json, or a history.`,
  )
}

type Reading = ReadOptions & ValuesOf<typeof objectOptions>

async function checkedResult(path: string, { model, initial, ...reading }: Reading): Promise<Parsed> {
  const history = await readHistory(path, { ...reading, model })
  const report = check(history, givenObject({ model, initial }))
  const json = toJson({ report, history, vacuous: report.vacuous, checkMs: 0 })
  return isObject(json) ? json : {}
}
