import type { ProcessOptions } from '../builtins/process.ts'
import type { Life } from '../world/life.ts'
import { shareOfHeap, takenNow } from '../world/memory.ts'
import type { Program } from './bundle.ts'
import { keepNoPackages, keepsPackages, Seat } from './seat.ts'

/** The seats that a run takes, each of which belongs to one start until the run is over. */
export class Seats {
  readonly #isKept: boolean
  readonly #taken: Taken[] = []

  /** @param isKept whether starts of later runs may take them. */
  constructor(isKept: boolean) {
    this.#isKept = isKept
  }

  /** A seat for a node that is told this. */
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

  /** The run is over, and all went well. */
  giveBack(): void {
    if (!this.#isKept) return
    const hasRoom = shareOfHeap(takenNow()) < MOST_OF_HEAP
    for (const { program, seat, free } of this.#taken.splice(0)) {
      if (!hasRoom) seats.delete(program)
      else if (free.length < MOST_FREE) free.push(seat)
    }
  }
}

interface Taken {
  readonly program: Program
  readonly seat: Seat
  readonly free: Seat[]
}

/** Programs may take more, and a package may keep something of every start. */
const MOST_OF_HEAP = 0.45
/** Of one node: it hardly ever starts more often in one run. */
const MOST_FREE = 8

const seats = new WeakMap<Program, Map<string, Seat[]>>()

function freeOf(program: Program, name: string): Seat[] {
  const ofProgram = seats.get(program) ?? new Map<string, Seat[]>()
  seats.set(program, ofProgram)
  const free = ofProgram.get(name) ?? []
  ofProgram.set(name, free)
  return free
}

/** From now on every start of these programs loads its packages anew; what was kept for them is dropped. */
export function dropSeats(programs: Iterable<Program>): void {
  for (const program of programs) {
    keepNoPackages(program)
    seats.delete(program)
  }
}
