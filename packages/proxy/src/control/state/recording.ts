import type { Recorder } from '@chaosproxy/recorder'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import type { RecordFile } from '../../record-file/record-file.ts'
import type { Carriage } from './carriage.ts'
import type { FaultNotes } from './fault-notes.ts'

interface JudgedRecord {
  readonly level: string
  /** The verdict so far, such as `linearizable`, `not linearizable` or `not certain`. */
  readonly soFar: string
  /** The number of events at the end of the record that are not judged yet. */
  readonly unjudged?: number | undefined
  readonly doubt?: string | undefined
  readonly violation?: RecordedViolation | undefined
}

/** A violation of the judged level. The event at `position` proves it. */
interface RecordedViolation {
  readonly key?: string | undefined
  readonly position: number
  readonly sentence: string
  /** How many later events had been recorded when the violation was noticed. */
  readonly noticedAfter: number
  /** The event's line in the record; absent if the line is lost. */
  readonly at?: { readonly path: string; readonly line: number } | undefined
}

export interface ProxyRecording {
  readonly recorder: Recorder
  readonly files: readonly RecordFile[]
  /** Judges the recorded history. Absent if the history is not judged. */
  readonly judging?:
    | { judged(): JudgedRecord; onViolation(listener: (violation: RecordedViolation) => void): void }
    | undefined
  /** The protocol of proxies that declare none. */
  readonly carries?: Carriage | undefined
  /** Records the faults. By default, `recorder` records them. */
  readonly faults?: FaultNotes | undefined
  /**
   * Rejects a table whose recording cannot be judged.
   *
   * @throws UserError (input) with a message that begins with `where`.
   */
  readonly checkTable?: ((table: RouteTable, where: string) => void) | undefined
}
