import type { RouteTable } from '../http/route-table.ts'
import type { RecordFile } from '../recorder/record-file.ts'
import type { Recorder } from '../recorder/recorder.ts'

/** A recorder, and the files it writes to. */
export interface Recording {
  readonly recorder: Recorder
  readonly files: readonly RecordFile[]
  /** Whether its faults are noted by whoever asks for them, and must not be noted once more. */
  readonly faultsAreNoted?: boolean | undefined
  /** Whether what a table records can be checked. @throws UserError (input) that begins with `where`. */
  readonly checkTable?: ((table: RouteTable, where: string) => void) | undefined
}
