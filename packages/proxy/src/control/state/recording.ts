import type { Recorder } from '@chaosproxy/recorder'
import type { RouteTable } from '@chaosproxy/recorder/routes'
import type { RecordFile } from '../../record-file/record-file.ts'
import type { Carriage } from './carriage.ts'
import type { FaultNotes } from './fault-notes.ts'

/** A recorder, and the files it writes to. */
export interface ProxyRecording {
  readonly recorder: Recorder
  readonly files: readonly RecordFile[]
  /** What is recorded of proxies that do not say what they carry. */
  readonly carries?: Carriage | undefined
  /** Notes faults in place of the recorder. */
  readonly faults?: FaultNotes | undefined
  /** Checks that a table's recording can be judged. @throws UserError (input) that begins with `where`. */
  readonly checkTable?: ((table: RouteTable, where: string) => void) | undefined
}
