import { existsSync } from 'node:fs'
import { EXIT, type ExitCode } from '@chaosproxy/engine/run'
import { type Format, type Header, plural, printJsonHeader, printJsonLine, usageError } from '@chaosproxy/history'
import { openHistoryWriter, readNumberedEvents, type Taken, takenText } from '@chaosproxy/history/files'
import { flag, inGroup, valuesOf, word } from '../arguments/declare.ts'
import { givenObject, objectOptions, readingOf, readingOptions } from '../arguments/reading.ts'
import { type Command, flagOf, type ParsedOptions, textOf } from '../command.ts'
import type { ValuesOf } from '../option.ts'
import { print, printAsIs, printNotice } from '../terminal/output.ts'

export const command: Command = {
  name: 'convert',
  positional: '<file>',
  needs: 'a history: chaos convert FILE, or - for standard input.',
  summary: 'convert a history of any known format to JSON lines, and print the role of each field',
  options: {
    ...inGroup('What is read', ['map'], { ...objectOptions, ...readingOptions }),
    ...inGroup('Output', ['out'], {
      out: word('write the history to this file', 'stdout'),
      force: flag('overwrite an existing file'),
      json: flag('print the roles of the fields as one JSON object, instead of the history'),
    }),
  },
  examples: [
    ['chaos convert log.csv > history.jsonl', 'a table with a header, as JSON lines'],
    ['chaos convert log.jsonl --map process=worker,f=what --out history.jsonl', 'with fields that have other names'],
    ['chaos convert log.jsonl --json', 'the role of each field, with counts'],
  ],
  run: executeConvert,
}

const BATCH = 64 * 1024

async function executeConvert(options: ParsedOptions): Promise<ExitCode> {
  const file = textOf(options, 'file') ?? ''
  const out = textOf(options, 'out')
  if (out !== undefined && existsSync(out) && !flagOf(options, 'force'))
    throw usageError(`--out ${out}: this file exists. Name another file, or give --force to overwrite this one.`)
  const typed = valuesOf(options, objectOptions)
  const isJson = flagOf(options, 'json')
  let header: Header | undefined
  let format: Format = 'jsonl'
  let taken: readonly Taken[] | undefined
  const warnings: string[] = []
  const events = readNumberedEvents(file, {
    ...readingOf(valuesOf(options, readingOptions)),
    onFormat: (found) => {
      format = found
    },
    onHeader: (found) => {
      header = found
    },
    onWarning: (message) => warnings.push(message),
    onTaken: (members) => {
      taken = members
    },
  })
  let count = 0
  let writer: ReturnType<typeof openHistoryWriter> | undefined
  let text = ''
  for await (const event of events) {
    if (count === 0) {
      const first = headerOf(header, typed, originOf(format, taken))
      if (out !== undefined && !isJson) writer = openHistoryWriter(out, { header: first })
      else if (first !== undefined) text = `${printJsonHeader(first)}\n`
    }
    count += 1
    if (isJson) continue
    const line = printJsonLine(event)
    if (writer !== undefined) writer.appendLine(`${line}\n`)
    else text += `${line}\n`
    if (text.length < BATCH) continue
    printAsIs(text)
    text = ''
  }
  writer?.close()
  if (isJson) {
    print(`${JSON.stringify({ file, events: count, members: taken ?? [], warnings })}\n`)
    return EXIT.met
  }
  printAsIs(text)
  for (const warning of warnings) printNotice(`${warning}\n`)
  for (const each of taken ?? []) printNotice(`${takenText(each)}\n`)
  printNotice(`${file}: ${plural(count, 'event')}.\n`)
  return EXIT.met
}

/**
 * Returns the members of the new header that describe the original file: its format, whose rules still apply to the
 * converted events, and its unused members that may name clients or keys.
 */
function originOf(format: Format, taken: readonly Taken[] | undefined): Pick<Header, 'from' | 'taken'> {
  if (format === 'jsonl' && taken === undefined) return {}
  return { from: format, ...(taken && { taken: taken.filter(({ mayBe }) => mayBe !== undefined) }) }
}

function headerOf(
  header: Header | undefined,
  typed: ValuesOf<typeof objectOptions>,
  origin: Pick<Header, 'from' | 'taken'>,
): Header | undefined {
  const given = { ...origin, ...givenObject(typed) }
  if (header === undefined && Object.keys(given).length === 0) return undefined
  return { ...(header ?? { chaos: 1 }), ...given }
}
