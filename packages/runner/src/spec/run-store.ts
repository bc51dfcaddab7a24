import type { Header, History, UserError } from '@chaosproxy/history'
import type { HistorySink } from '../ports.ts'

/** A record that is being written. */
export interface OpenRecord extends HistorySink {
  /** Closes it. `ended`: nothing is missing from it, so that it gets the end mark that its header promised. */
  close(ended: boolean): void
}

/** Where one run keeps its files. */
export interface RunStore {
  /** The history's file name as shown in messages. */
  readonly historyName: string
  /** Holds the nodes' data and their output. */
  readonly dataDir: string
  readonly logDir: string
  /** Opens the record. `failed` is called once if it can no longer be written. */
  open(header: Header, failed: (error: UserError) => void): OpenRecord
  /** Reads the record back, after it is closed. */
  read(): Promise<History>
  /** The history between proxy and nodes, if it was recorded. */
  readBackend(): Promise<History | undefined>
}
