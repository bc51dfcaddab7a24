import { HistoryBuilder } from '../builder/builder.ts'
import { type Ordering, OutOfOrder } from '../builder/disorder.ts'
import { TimeOrder } from '../builder/time-order.ts'
import { detectFormat } from '../codecs/detect.ts'
import { createReader } from '../codecs/formats.ts'
import type { Mapping } from '../codecs/roles.ts'
import { ROW_BYTES } from '../columns/columns.ts'
import { inputError, UserError } from '../event/error.ts'
import type { Event, Format, Header } from '../event/event.ts'
import type { ChunkReader } from '../event/sink.ts'
import { withNamedAccounts } from '../history/balances.ts'
import type { History } from '../history/history.ts'
import type { LentHistory } from '../history/history-data.ts'
import { EventQueue, type EventQueueOptions, type NumberedEvent } from './event-queue.ts'
import { overlapOfParts, untimedParts } from './overlap.ts'
import { openSource, sourceName } from './source.ts'
import type { StoredPart } from './stored/store.ts'
import type { Source } from './system/chunked-source.ts'
import { MemoryLimitError } from './system/memory-limit.ts'

export interface ReadOptions {
  /** The format of the file; detected from its first bytes by default. */
  readonly format?: Format | undefined
  /** Whether a pair in place of a value means a key and its value. See `ReaderOptions`. */
  readonly independent?: boolean | undefined
  readonly maximumLineBytes?: number | undefined
  /** Approximate memory in bytes for the history; unlimited by default. */
  readonly memoryBytes?: number | undefined
  /** The parts of a recording in a store, as they were listed. A part that has changed since then is refused. */
  readonly stored?: readonly StoredPart[] | undefined
  /** Whether to use memory that other threads can also read: see `History.lend`. */
  readonly shared?: boolean | undefined
  readonly ordering?: Ordering | undefined
  /** The roles of members, as given by `--map`: see `parseMapping`. */
  readonly mapping?: Mapping | undefined
  /** The model; by default, the one that the header names. For `bank`, lists are the balances of accounts 0, 1, … */
  readonly model?: string | undefined
  /** Files that were recorded in the same period, to be merged by time; `path` is then only their name in messages. */
  readonly merged?: readonly string[] | undefined
}

const BUFFER_BYTES = 1 << 20
const DEFAULT_MAXIMUM_LINE_BYTES = 16 << 20
/**
 * The typical size in bytes of an operation's two lines, from which the number of operations is estimated. Too high an
 * estimate costs only address space.
 */
const OPERATION_BYTES = 120

/**
 * Reads, pairs and checks a history file of any format (`-` is stdin, `s3://bucket/name` an object in a store). Needs
 * memory for the operations, not for the file. Throws a UserError that names file, line and rule.
 *
 * @throws MemoryLimitError if `memoryBytes` is not enough.
 */
export async function readHistory(path: string, options: ReadOptions = {}): Promise<History> {
  if (options.merged !== undefined) return readByTime(path, options.merged, options)
  if (options.ordering?.by === 'time') return readByTime(path, [path], options)
  try {
    const history = await readHistoryOf(await openSource(path, options.stored), path, options)
    const untimed = options.ordering?.by === 'lines' ? undefined : await untimedParts(path, history)
    if (untimed === undefined) return history
    throw untimed
  } catch (error) {
    throw error instanceof OutOfOrder ? ((await overlapOfParts(path, error)) ?? error) : error
  }
}

async function readByTime(path: string, files: readonly string[], options: ReadOptions): Promise<History> {
  const { memoryBytes = Number.POSITIVE_INFINITY, independent, mapping, stored } = options
  const order = new TimeOrder(options.ordering)
  const formats: Format[] = []
  let textBytes = 0
  for (const file of files) {
    const source = await openSource(file, stored)
    const { sink, ended } = order.file(sourceName(file))
    let reader: ChunkReader | undefined
    try {
      const steps = pumpSteps(source, file, options, (format) => {
        formats.push(format)
        reader = createReader(format, { source: sourceName(file), sink, independent, mapping })
        return reader
      })
      for await (const bytes of steps) {
        textBytes += bytes
        stopIfOver(memoryBytes, order, reader, textBytes)
      }
    } finally {
      source.close()
    }
    ended((reader?.line ?? 1) - 1)
  }
  const [format] = formats
  const builder = new HistoryBuilder({
    source: sourceName(path),
    format,
    completionsOnly: format === 'edn',
    shared: options.shared,
    ordering: options.ordering,
    files: order.files,
  })
  order.pass(builder)
  return asAbout(builder.build(), options)
}

/**
 * Reads a history from `source`, and closes the source. Uses no API of Node, so it runs in a browser.
 *
 * @throws UserError and MemoryLimitError, as `readHistory`.
 */
export async function readHistoryOf(source: Source, path: string, options: ReadOptions): Promise<History> {
  const name = sourceName(path)
  try {
    let builder: HistoryBuilder | undefined
    let reader: ChunkReader | undefined
    const { memoryBytes = Number.POSITIVE_INFINITY } = options
    const steps = pumpSteps(source, path, options, (format) => {
      builder = new HistoryBuilder({
        source: name,
        format,
        // Some of Jepsen's tests are recorded as completions only. Native histories always have invocations.
        completionsOnly: format === 'edn',
        shared: options.shared,
        ordering: options.ordering,
        expectedOperations: Math.min((source.sizeBytes ?? 0) / OPERATION_BYTES, memoryBytes / ROW_BYTES),
      })
      const { independent, ordering, mapping } = options
      reader = createReader(format, { source: name, sink: builder, builder, independent, ordering, mapping })
      return reader
    })
    let textBytes = 0
    // Checks the memory after each buffer that was passed to the reader.
    for await (const bytes of steps) {
      textBytes += bytes
      if (builder !== undefined) stopIfOver(memoryBytes, builder, reader, textBytes)
    }
    return asAbout((builder ?? new HistoryBuilder({ source: name })).build(), options)
  } finally {
    source.close()
  }
}

function asAbout(read: History, { model }: ReadOptions): History {
  const history = model === undefined ? read : { ...read, header: { chaos: 1, ...read.header, model } as const }
  return history.header?.model === 'bank' ? withNamedAccounts(history) : history
}

function stopIfOver(
  memoryBytes: number,
  { sizeBytes, eventCount }: Pick<HistoryBuilder, 'sizeBytes' | 'eventCount'>,
  reader: ChunkReader | undefined,
  textBytes: number,
): void {
  const { events, bytes } = reader?.held ?? { events: 0, bytes: 0 }
  if (sizeBytes + bytes > memoryBytes) throw new MemoryLimitError({ events: eventCount + events, textBytes })
}

export interface ReadEventsOptions extends ReadOptions, EventQueueOptions {
  readonly onFormat?: ((format: Format) => void) | undefined
}

/**
 * Yields all events of a history file one by one, including those of the nemesis, with all members. Absent indices and
 * times are filled in from the position. Nanoseconds since 1970 count from the first event (see `Epoch`).
 */
export async function* readEvents(
  path: string,
  options: ReadEventsOptions = {},
): AsyncGenerator<Event, void, undefined> {
  const queue = new EventQueue(options)
  for await (const event of queued(queue, path, options)) yield queue.whole(event)
}

/**
 * Like `readEvents`, but keeps keys that are not texts, such as numbers, and does not fill in null for an absent value.
 */
export const readNumberedEvents = (
  path: string,
  options: ReadEventsOptions = {},
): AsyncGenerator<NumberedEvent, void, undefined> => queued(new EventQueue(options), path, options)

async function* queued(
  queue: EventQueue,
  path: string,
  options: ReadEventsOptions,
): AsyncGenerator<NumberedEvent, void, undefined> {
  const name = sourceName(path)
  const source = await openSource(path, options.stored)
  const { independent, mapping, ordering } = options
  const order = ordering?.by === 'time' ? new TimeOrder(ordering) : undefined
  const sink = order?.file(name).sink ?? queue
  try {
    const steps = pumpSteps(source, path, options, (format) => {
      options.onFormat?.(format)
      return createReader(format, { source: name, sink, independent, mapping, ordering })
    })
    for await (const _ of steps) yield* queue.take()
    order?.pass(queue)
    yield* queue.take()
  } finally {
    source.close()
  }
}

/** The header of a history; undefined if absent or unreadable. */
export async function readHeader(path: string, stored?: readonly StoredPart[]): Promise<Header | undefined> {
  let header: Header | undefined
  try {
    const events = readEvents(path, {
      stored,
      onHeader: (found) => {
        header = found
      },
    })
    await events.next()
    await events.return()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
  }
  return header
}

/**
 * Returns the history as data that can be passed to another thread. Throws if the history cannot be passed (see
 * `History.lend`).
 */
export function restOf({ lend }: Pick<History, 'lend'>): LentHistory {
  if (lend === undefined) throw new Error('this history cannot be passed to another thread')
  return lend()
}

type ReaderOf = (format: Format) => ChunkReader

/** Passes a source to a reader through one buffer, which grows only for a long line. Yields byte counts. */
export async function* pumpSteps(
  source: Source,
  path: string,
  options: ReadOptions,
  readerOf: ReaderOf,
): AsyncGenerator<number, void, undefined> {
  const maximumBytes = options.maximumLineBytes ?? DEFAULT_MAXIMUM_LINE_BYTES
  let buffer = new Uint8Array(BUFFER_BYTES)
  let filled = 0
  let reader: ChunkReader | undefined
  for (;;) {
    const filling = source.read(buffer.subarray(filled))
    const size = typeof filling === 'number' ? filling : await filling
    filled += size
    const last = size === 0
    // Wait for enough bytes to detect the format.
    if (reader === undefined && (last || filled >= SAMPLE_BYTES)) {
      const format = options.format ?? formatOf(path, buffer.subarray(0, filled), options.mapping)
      reader = readerOf(format)
    }
    if (reader !== undefined) {
      const consumed = reader.read(buffer, 0, filled, last)
      buffer.copyWithin(0, consumed, filled)
      filled -= consumed
    }
    yield size
    if (last) return
    if (filled === buffer.length) {
      if (buffer.length >= maximumBytes) throw tooLong(path, reader?.line ?? 1, maximumBytes)
      const larger = new Uint8Array(Math.min(buffer.length * 2, maximumBytes))
      larger.set(buffer)
      buffer = larger
    }
  }
}

const SAMPLE_BYTES = 64 * 1024

function formatOf(path: string, beginning: Uint8Array, mapping: Mapping | undefined): Format {
  const format = detectFormat(sourceName(path), beginning, mapping)
  if (format !== undefined) return format
  if (/\.edn(\.gz|\.zst)?$/.test(path)) return 'edn'
  throw inputError(`${sourceName(path)}: this file is empty: there are no operations in it.`)
}

const tooLong = (path: string, line: number, maximumBytes: number): UserError =>
  inputError(
    `${sourceName(path)}:${line}: this line is longer than ${maximumBytes / 2 ** 20} MB. Is it a history? A history has one event per line.`,
  )
