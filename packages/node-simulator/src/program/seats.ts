import type { ProcessOptions } from '../builtins/process.ts'
import type { Life } from '../world/life.ts'
import { takenNow } from '../world/memory.ts'
import type { Program } from './bundle.ts'
import { keepNoPackages, keepsPackages, Seat } from './seat.ts'

/** The seats of a run. Until the run has ended, each seat belongs to a single start. */
export class Seats {
  readonly #isKept: boolean
  readonly #taken: { readonly program: Program; readonly seat: Seat; readonly free: Seat[] }[] = []

  /** @param isKept whether starts of later runs may reuse the seats. */
  constructor(isKept: boolean) {
    this.#isKept = isKept
  }

  take(program: Program, life: Life, options: ProcessOptions): Seat {
    const isKept = this.#isKept && keepsPackages(program)
    const free = isKept ? freeOf(program, JSON.stringify([life.id, options])) : []
    let seat = free.pop()
    while (seat?.clear() === false) seat = free.pop()
    seat ??= new Seat(program, isKept)
    this.#taken.push({ program, seat, free })
    seat.begin(life, options)
    return seat
  }

  /** Makes the seats reusable. Must not be called after a run that used something that cannot be simulated. */
  giveBack(): void {
    if (!this.#isKept) return
    const { heapBytes } = takenNow()
    for (const { program, seat, free } of this.#taken.splice(0)) {
      const kept = seats.get(program)
      if (kept !== undefined && heapBytes > kept.heapBefore + MOST_GROWTH_BYTES) seats.delete(program)
      else if (free.length < MOST_FREE) free.push(seat)
    }
  }
}

/** The largest growth of the heap since seats were first kept. Packages may accumulate state with each start. */
const MOST_GROWTH_BYTES = 200 * 2 ** 20
/** The largest number of free seats to keep for a node. In one run, a node rarely starts more often. */
const MOST_FREE = 8

interface Kept {
  /** The heap in use when seats were first kept. */
  readonly heapBefore: number
  /** The free seats, by the arguments and environment of the nodes. */
  readonly free: Map<string, Seat[]>
}

const seats = new WeakMap<Program, Kept>()

function freeOf(program: Program, name: string): Seat[] {
  const kept = seats.get(program) ?? { heapBefore: takenNow().heapBytes, free: new Map<string, Seat[]>() }
  seats.set(program, kept)
  const free = kept.free.get(name) ?? []
  kept.free.set(name, free)
  return free
}

export function dropSeats(programs: Iterable<Program>): void {
  for (const program of programs) {
    keepNoPackages(program)
    seats.delete(program)
  }
}
