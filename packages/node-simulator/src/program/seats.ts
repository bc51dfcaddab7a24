import type { ProcessOptions } from '../builtins/process.ts'
import type { Life } from '../world/life.ts'
import { takenNow } from '../world/memory.ts'
import type { Program } from './bundle.ts'
import { keepNoPackages, keepsPackages, Seat } from './seat.ts'

/** The environments in which the programs of a run start. Within the run, every start has an environment of its own. */
export class Seats {
  readonly #isKept: boolean
  readonly #taken: { readonly program: Program; readonly seat: Seat; readonly free: Seat[] }[] = []

  /** @param isKept whether later runs may reuse the environments in which programs started during this run. */
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

  /**
   * Lets later runs start programs in the environments of this run. Must not be called if a program used something that
   * cannot be simulated.
   */
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

/**
 * If the heap has grown by more than this since a program's first seat was created, the program's seats are discarded.
 * A seat is a reusable environment of a program. Packages in it may accumulate state with each start.
 */
const MOST_GROWTH_BYTES = 200 * 2 ** 20
/**
 * The largest number of unused environments that are kept for a node. In one run, a node rarely starts more than this
 * number of times.
 */
const MOST_FREE = 8

interface Kept {
  /** The size of the used heap, before the first environment for the program was created. */
  readonly heapBefore: number
  /** Environments that no program is using. The key is a node's id and process options, as JSON. */
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
