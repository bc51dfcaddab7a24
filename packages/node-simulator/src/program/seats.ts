import type { ProcessOptions } from '../builtins/process.ts'
import type { Life } from '../world/life.ts'
import type { Program } from './bundle.ts'
import { keepsPackages, Seat } from './seat.ts'

/** The seats that a run takes, each of which belongs to one start until the run is over. */
export class Seats {
  readonly #isKept: boolean
  readonly #taken: { readonly seat: Seat; readonly free: Seat[] }[] = []

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
    this.#taken.push({ seat, free })
    seat.begin(life, options)
    return seat
  }

  /** The run is over, and all went well. */
  giveBack(): void {
    if (this.#isKept) for (const { seat, free } of this.#taken.splice(0)) if (free.length < MOST_FREE) free.push(seat)
  }
}

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
