import type { Recorder } from '@chaosproxy/recorder'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import type { RecordFile } from '../../record-file/record-file.ts'
import type { Carriage } from './carriage.ts'
import type { FaultNotes } from './fault-notes.ts'

interface JudgedRecord {
  /** The level that is judged, such as `linearizable`. */
  readonly level: string
  /** The level, the same with `not ` before it, or `not certain`. */
  readonly soFar: string
  /** How many of the newest events were not judged yet; absent if all were. */
  readonly unjudged?: number | undefined
  /** The reason for `not certain`. */
  readonly doubt?: string | undefined
  readonly violation?: RecordedViolation | undefined
}

/** A violation that became certain with an event of the record. */
interface RecordedViolation {
  readonly key?: string | undefined
  /** The event's position in the history, from 0. */
  readonly position: number
  readonly sentence: string
  /** How many events were recorded after it until it was noticed. */
  readonly noticedAfter: number
  /** Its place in the record; absent if the line is lost. */
  readonly at?: { readonly path: string; readonly line: number } | undefined
}

export interface ProxyRecording {
  readonly recorder: Recorder
  readonly files: readonly RecordFile[]
  /** Judges the record; absent if nothing does. */
  readonly judging?:
    | { judged(): JudgedRecord; onViolation(listener: (violation: RecordedViolation) => void): void }
    | undefined
  /** The protocol of proxies that declare none. */
  readonly carries?: Carriage | undefined
  /** Records faults instead of the recorder. */
  readonly faults?: FaultNotes | undefined
  /**
   * Requires a table's recording to be one that can be judged.
   *
   * @throws UserError (input) that begins with `where`.
   */
  readonly checkTable?: ((table: RouteTable, where: string) => void) | undefined
}
