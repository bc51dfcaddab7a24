import type { Header, History, UserError } from '@chaos/history'
import type { HistorySink } from '../ports.ts'

/** Where one run keeps what it makes. */
export interface RunStore {
  /** For people, in messages: the file of the history. */
  readonly historyName: string
  /** What nodes keep, and what they print. */
  readonly dataDir: string
  readonly logDir: string
  /** Begins the record. `failed` is told once where it can be written no more. */
  open(header: Header, failed: (error: UserError) => void): HistorySink & { close(): void }
  /** The record, once it is closed. */
  read(): Promise<History>
  /** What the nodes were asked and answered, where that was recorded. */
  readBackend(): Promise<History | undefined>
}
