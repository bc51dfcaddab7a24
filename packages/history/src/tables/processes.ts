import type { Process } from '../event/event.ts'
import { int32Array } from './memory.ts'

const NONE = -1
const INLINE_PROCESSES = 1 << 16

export class ProcessTable {
  readonly names: Process[] = []
  // For each process that is a small integer: its number in the table. Nearly all processes are small integers. The
  // array starts small, because programs build thousands of short histories.
  #inline: Int32Array = int32Array(64).fill(NONE)
  readonly #others: Map<Process, number> = new Map()

  numberOf(process: number): number {
    const inline = this.#inline[process]
    const known = inline !== undefined || process < INLINE_PROCESSES ? inline : this.#others.get(process)
    return known === undefined || known === NONE ? this.#add(process) : known
  }

  numberOfName(name: string): number {
    return this.#others.get(name) ?? this.#add(name)
  }

  knows(name: string): boolean {
    return this.#others.has(name)
  }

  #add(process: Process): number {
    const number = this.names.length
    this.names.push(process)
    if (typeof process === 'number' && process < INLINE_PROCESSES) {
      if (process >= this.#inline.length) this.#inline = extended(this.#inline, process)
      this.#inline[process] = number
    } else this.#others.set(process, number)
    return number
  }
}

function extended(numbers: Int32Array, process: number): Int32Array {
  const longer = new Int32Array(Math.max(2 * numbers.length, process + 1)).fill(NONE)
  longer.set(numbers)
  return longer
}

/** The names of processes in a history that are not clients. */
const speakers: ReadonlySet<string> = new Set(['nemesis', 'recorder'])

/** Whether a process is a client: any integer or name, except nemesis and recorder. */
export const isClient = (process: Process): boolean => typeof process === 'number' || !speakers.has(process)

/** A process's integer, even if written as text; undefined for names. */
export function clientNumber(process: Process): number | undefined {
  if (typeof process === 'number') return process
  return /^(0|[1-9]\d{0,14})$/.test(process) ? Number(process) : undefined
}
