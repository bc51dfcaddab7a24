import type { Header, Process } from '../event/event.ts'
import { ByteTable } from './byte-table.ts'

const NONE = -1

/** Stands for the session of an unidentified client. */
export const UNNAMED = -1

/** Which client each process belongs to. Needed if processes are not the clients themselves. */
export interface Sessions {
  /** By process number: the session number, or UNNAMED. */
  readonly of: Int32Array
  /** By session number. */
  readonly names: readonly string[]
}

export class SessionTable {
  readonly names: ByteTable = new ByteTable()
  /** By process number: the number of the session; NONE for a process without a session. */
  #of: Int32Array = new Int32Array(0)

  sessionOf(process: number): number {
    return this.#of[process] ?? NONE
  }

  assign(process: number, session: number): void {
    if (process >= this.#of.length) {
      const longer = new Int32Array(Math.max(64, 2 * process)).fill(NONE)
      longer.set(this.#of)
      this.#of = longer
    }
    this.#of[process] = session
  }

  /** Returns the sessions. Undefined if no session is named and the header identifies no clients. */
  sessions(header: Header['sessions'], processNames: readonly Process[]): Sessions | undefined {
    if (header === undefined && this.names.length === 0) return undefined
    const names = [...this.names.texts()]
    const of = new Int32Array(processNames.length)
    for (let process = 0; process < of.length; process++) {
      const session = this.sessionOf(process)
      if (session !== NONE) of[process] = session
      else if (header !== undefined) of[process] = UNNAMED
      else of[process] = names.push(String(processNames[process])) - 1
    }
    return { of, names }
  }
}
