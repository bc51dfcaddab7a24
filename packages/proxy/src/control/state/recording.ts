import type { Recorder } from '@chaosproxy/recorder'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import type { RecordFile } from '../../record-file/record-file.ts'
import type { Carriage } from './carriage.ts'
import type { FaultNotes } from './fault-notes.ts'

interface JudgedRecord {
  readonly level: string
  /** The level, the level after `not `, or `not certain`. */
  readonly soFar: string
  /** Events at the end that are not judged yet, if any. */
  readonly unjudged?: number | undefined
  /** The reason for `not certain`. */
  readonly doubt?: string | undefined
  readonly violation?: RecordedViolation | undefined
}

/** A violation, as the event at `position` proves. */
interface RecordedViolation {
  readonly key?: string | undefined
  readonly position: number
  readonly sentence: string
  /** Events between this one and the notice of the violation. */
  readonly noticedAfter: number
  /** The event's line; absent if it is lost. */
  readonly at?: { readonly path: string; readonly line: number } | undefined
}

export interface ProxyRecording {
  readonly recorder: Recorder
  readonly files: readonly RecordFile[]
  /** Judges the record; absent if the record is not judged. */
  readonly judging?:
    | { judged(): JudgedRecord; onViolation(listener: (violation: RecordedViolation) => void): void }
    | undefined
  /** The protocol of proxies that declare none. */
  readonly carries?: Carriage | undefined
  /** Records the faults, in place of the recorder. */
  readonly faults?: FaultNotes | undefined
  /**
   * Rejects a table that cannot be judged.
   *
   * @throws UserError (input) with a message that begins with `where`.
   */
  readonly checkTable?: ((table: RouteTable, where: string) => void) | undefined
}
