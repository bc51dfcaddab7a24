import type { HistoryBuilder } from '../builder.ts'
import type { Format } from '../format.ts'
import type { ChunkReader, EventSink } from '../sink.ts'
import { EdnReader } from './edn-reader.ts'
import { JsonlReader } from './jsonl-reader.ts'
import { JepsenLogReader } from './porcupine.ts'

export interface ReaderOptions {
  /** The name messages use for the history: its file's. */
  readonly source: string
  readonly sink: EventSink
  /** The sink, if it is a builder. */
  readonly builder?: HistoryBuilder | undefined
  /** EDN: whether a client's value that is a pair is a key and a value (Jepsen's independent tuples); found out by default. */
  readonly independent?: boolean | undefined
}

export function createReader(format: Format, options: ReaderOptions): ChunkReader {
  switch (format) {
    case 'jsonl':
      return new JsonlReader(options)
    case 'edn':
    case 'porcupine-kv':
      return new EdnReader(options)
    case 'porcupine-etcd':
      return new JepsenLogReader(options)
    default:
      return format satisfies never
  }
}
