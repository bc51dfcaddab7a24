import type { Recorder } from '@chaosproxy/recorder'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import type { RecordFile } from '../../record-file/record-file.ts'
import type { Carriage } from './carriage.ts'
import type { FaultNotes } from './fault-notes.ts'

/** What is known of a record so far. */
export interface JudgedRecord {
  readonly soFar: 'linearizable' | 'not linearizable' | 'not certain'
  /** Why it is `not certain`. */
  readonly doubt?: string | undefined
  readonly violation?: RecordedViolation | undefined
}

/** What became certain with an event of the record: nothing explains it. */
export interface RecordedViolation {
  readonly key?: string | undefined
  /** The event's position in the history, from 0. */
  readonly position: number
  readonly sentence: string
  /** Where it is in the record; absent if it is lost. */
  readonly at?: { readonly path: string; readonly line: number } | undefined
}

/** A recorder, and the files it writes to. */
export interface ProxyRecording {
  readonly recorder: Recorder
  readonly files: readonly RecordFile[]
  /** Judges what is recorded; absent if nothing does. */
  readonly judging?:
    | { judged(): JudgedRecord; onViolation(listener: (violation: RecordedViolation) => void): void }
    | undefined
  /** What is recorded of proxies that do not say what they carry. */
  readonly carries?: Carriage | undefined
  /** Notes faults in place of the recorder. */
  readonly faults?: FaultNotes | undefined
  /** Checks that a table's recording can be judged. @throws UserError (input) that begins with `where`. */
  readonly checkTable?: ((table: RouteTable, where: string) => void) | undefined
}
