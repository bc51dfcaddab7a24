import type { Header, History, UserError } from '@chaosproxy/history'
import type { HistorySink } from '../ports.ts'

/** Where one run keeps its files. */
export interface RunStore {
  /** The history's file name as shown in messages. */
  readonly historyName: string
  /** Holds the nodes' data and their output. */
  readonly dataDir: string
  readonly logDir: string
  /** Opens the record. `failed` is called once if it can no longer be written. */
  open(header: Header, failed: (error: UserError) => void): HistorySink & { close(): void }
  /** The record, after it is closed. */
  read(): Promise<History>
  /** What the nodes were asked and answered, if that was recorded. */
  readBackend(): Promise<History | undefined>
}
