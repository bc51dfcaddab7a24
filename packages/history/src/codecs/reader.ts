import type { HistoryBuilder } from '../builder/builder.ts'
import type { Ordering } from '../builder/disorder.ts'
import type { Format } from '../event/event.ts'
import type { ChunkReader, EventSink } from '../event/sink.ts'
import { EdnReader } from './edn-reader.ts'
import { JsonlReader, type JsonlReaderOptions } from './jsonl-reader.ts'
import { KeyedValues } from './keyed-values.ts'
import { OperationLinesReader } from './operation-lines.ts'
import { JepsenLogReader } from './porcupine.ts'

export interface ReaderOptions {
  /** The name messages use for the history: its file's. */
  readonly source: string
  readonly sink: EventSink
  /** The sink, if it is a builder. */
  readonly builder?: HistoryBuilder | undefined
  /**
   * Whether a client's value that is a pair is a key and a value, as Jepsen's independent tests have it. By default found out
   * in EDN; in JSON lines it is one value.
   */
  readonly independent?: boolean | undefined
  /** What is known of the clocks, for formats whose lines are in no order. */
  readonly ordering?: Ordering | undefined
}

export function createReader(format: Format, options: ReaderOptions): ChunkReader {
  const { ordering } = options
  switch (format) {
    case 'jsonl':
      return new JsonlReader(options.independent === true ? keyed(options) : options)
    case 'edn':
    case 'porcupine-kv':
      return new EdnReader(options)
    case 'jepsen-log': {
      const { source, sink, independent } = options
      const keys = new KeyedValues({ source, sink, isKeyed: independent, isTuple: () => false })
      return new JepsenLogReader(
        { source, sink: { ...passed(sink), event: (event, line) => keys.take(event, line) } },
        () => keys.end(),
      )
    }
    case 'operations':
      return new OperationLinesReader({ ...(options.independent === true ? keyed(options) : options), ordering })
    case 'porcupine-etcd':
      return new JepsenLogReader(options)
    default:
      return format satisfies never
  }
}

/** Divides the value of every event into key and value. */
function keyed({ source, sink }: ReaderOptions): JsonlReaderOptions {
  const values = new KeyedValues({ source, sink, isKeyed: true, isTuple: () => false })
  return {
    source,
    sink: { ...passed(sink), event: (event, line) => values.take(event, line) },
  }
}

const passed = (sink: EventSink): Omit<EventSink, 'event'> => ({
  epoch: sink.epoch,
  header: (header) => sink.header(header),
  warn: (message) => sink.warn(message),
  stamped: (stamps) => sink.stamped?.(stamps),
})
