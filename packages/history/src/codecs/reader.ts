import type { HistoryBuilder } from '../builder/builder.ts'
import type { Ordering } from '../builder/disorder.ts'
import type { Format } from '../event/event.ts'
import type { ChunkReader, EventSink } from '../event/sink.ts'
import { formatTable } from './formats.ts'
import type { Mapping } from './roles.ts'

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
  /** Which members have which meaning: see `parseMapping`. */
  readonly mapping?: Mapping | undefined
}

export const createReader = (format: Format, options: ReaderOptions): ChunkReader => formatTable[format].reader(options)
