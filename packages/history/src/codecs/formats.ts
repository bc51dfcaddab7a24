import type { HistoryBuilder } from '../builder/builder.ts'
import type { Ordering } from '../builder/disorder.ts'
import { usageError } from '../event/error.ts'
import type { Format } from '../event/event.ts'
import type { ChunkReader, EventSink } from '../event/sink.ts'
import { csvReader, separatorOf } from './csv.ts'
import { dbcopReader, isDbcop } from './dbcop.ts'
import { EdnReader } from './edn-reader.ts'
import { JsonlReader } from './jsonl-reader.ts'
import { KeyedValues } from './keyed-values.ts'
import { isComment } from './left-out.ts'
import { hasOperationLines, operationLines } from './operation-lines.ts'
import type { RowsOptions } from './operation-rows.ts'
import { isJepsenLog, isOldJepsenLog, JepsenLogReader } from './porcupine.ts'
import { type Mapping, Roles } from './roles.ts'
import { awditReader, isAwdit, isPlume, plumeReader } from './session-texts.ts'

export interface ReaderOptions {
  readonly source: string
  readonly sink: EventSink
  readonly builder?: HistoryBuilder | undefined
  /**
   * Whether a pair is a key and a value, as in Jepsen's independent tests. By default, the content of EDN decides, and
   * pairs in JSON lines are plain values.
   */
  readonly independent?: boolean | undefined
  /** What is known about the clocks. Used for formats in which lines are in no order. */
  readonly ordering?: Ordering | undefined
  /** The roles of members, as given by `--map`: see `parseMapping`. */
  readonly mapping?: Mapping | undefined
}

interface FormatEntry {
  /** In messages. */
  readonly what: string
  /** @param content the beginning of a file, without leading white space */
  recognises(content: string, mapping: Mapping | undefined): boolean
  /** Whether `--map` can assign roles to the format's members. */
  readonly hasMembers?: boolean
  reader(options: ReaderOptions): ChunkReader
}

/** All formats. The first that recognises a file reads it. */
export const formatTable: { readonly [name in Format]: FormatEntry } = {
  operations: {
    what: 'JSON with one operation per line',
    hasMembers: true,
    recognises: (content, mapping) => isJson(content) && hasOperationLines(content, mapping),
    reader: (options) => paired(options, (each) => operationLines(withRoles(each))),
  },
  jsonl: {
    what: 'chaos JSONL',
    hasMembers: true,
    recognises: isJson,
    reader: (options) => paired(options, (each) => new JsonlReader(each)),
  },
  'porcupine-kv': {
    what: 'Porcupine key-value logs',
    recognises: (content) => /^\{\s*:/.test(content) && isKeyValueLog(content),
    reader: (options) => {
      // In these logs, the value of a missing key is the empty string.
      options.sink.header({ chaos: 1, initial: '' })
      return new EdnReader(options)
    },
  },
  dbcop: {
    what: 'DBCop JSON',
    recognises: isDbcop,
    reader: dbcopReader,
  },
  edn: {
    what: 'Jepsen EDN',
    recognises: (content) =>
      /^(?:\{\s*:|;|#_|#[a-zA-Z][\w.$-]*[/.][\w.$-]+\s*\{|\{\s*[;#]|[[(][\s,]*(?:[[({;:#\])]|$))/.test(content),
    reader: (options) => new EdnReader(options),
  },
  'porcupine-etcd': {
    what: 'Porcupine etcd logs',
    recognises: isOldJepsenLog,
    reader: jepsenLogReader,
  },
  'jepsen-log': {
    what: 'history.txt and jepsen.log',
    recognises: isJepsenLog,
    reader: jepsenLogReader,
  },
  plume: {
    what: 'Plume and PolySI text',
    recognises: isPlume,
    reader: plumeReader,
  },
  awdit: {
    what: 'AWDIT text',
    recognises: isAwdit,
    reader: awditReader,
  },
  csv: {
    what: 'CSV and TSV with a header',
    hasMembers: true,
    recognises: (content, mapping) => separatorOf(content, mapping) !== undefined,
    reader: (options) => paired(options, (each) => csvReader(withRoles(each))),
  },
}

function jepsenLogReader({ source, sink, independent }: ReaderOptions): ChunkReader {
  const keys = new KeyedValues({ source, sink, isKeyed: independent, isTuple: () => false })
  return new JepsenLogReader(
    { source, sink: { ...passed(sink), event: (event, line) => keys.take(event, line) } },
    () => keys.end(),
  )
}

function isJson(content: string): boolean {
  return /^\{\s*["}]/.test(withoutComments(content))
}

function withoutComments(content: string): string {
  if (!/^(?:#[^_a-zA-Z]|#$|\/\/|--)/.test(content)) return content
  const lines = content.split('\n')
  const first = lines.findIndex((line) => line.trim() !== '' && !isComment(line))
  return first < 0 ? content : lines.slice(first).join('\n').trimStart()
}

/** Whether the text is Porcupine's key-value log: EDN with keys, and with get, put or append. */
function isKeyValueLog(content: string): boolean {
  const line = content.split('\n', 1)[0] ?? ''
  return /:f\s+:(get|put|append)\b/.test(line) && /:key\s+"/.test(line)
}

const withRoles = (options: ReaderOptions): RowsOptions => ({ ...options, roles: new Roles(options.mapping) })

/** Splits values into key and value if `independent` is true. */
function paired(options: ReaderOptions, readerOf: (options: ReaderOptions) => ChunkReader): ChunkReader {
  if (options.independent !== true) return readerOf(options)
  const { builder: _, source, sink, ...rest } = options
  const values = new KeyedValues({ source, sink, isKeyed: true, isTuple: () => false })
  const reader = readerOf({
    ...rest,
    source,
    sink: { ...passed(sink), event: (event, line) => values.take(event, line) },
  })
  return {
    get line() {
      return reader.line
    },
    get held() {
      return reader.held
    },
    read(bytes, start, end, last) {
      const at = reader.read(bytes, start, end, last)
      if (last) values.end()
      return at
    },
  }
}

const passed = (sink: EventSink): Omit<EventSink, 'event'> => ({
  epoch: sink.epoch,
  header: (header) => sink.header(header),
  warn: (message) => sink.warn(message),
  stamped: (stamps) => sink.stamped?.(stamps),
  taken: (members) => sink.taken?.(members),
})

/** @throws UserError (usage) for a mapping if the format's members have fixed roles */
export function createReader(format: Format, options: ReaderOptions): ChunkReader {
  const { what, hasMembers = false, reader } = formatTable[format]
  if (options.mapping !== undefined && !hasMembers)
    throw usageError(`--map: ${options.source} is ${what}, whose fields have fixed roles. Leave --map out.`)
  return reader(options)
}
