import type { Ledger } from '../limits/budget.ts'
import type { Race } from '../limits/race.ts'

/** Shared memory through which the threads that judge one history exchange findings. */
export interface Board {
  readonly ledger: Ledger
  readonly race: Race
  readonly claim: (rank: number) => void
}

export type BoardMemory = SharedArrayBuffer

const TAKEN = 0
const LEAST_RANK = 1
const NO_RANK = 2n ** 62n

export function createBoardMemory(): BoardMemory {
  const memory = new SharedArrayBuffer(16)
  new BigInt64Array(memory)[LEAST_RANK] = NO_RANK
  return memory
}

export function boardOf(memory: BoardMemory): Board {
  const cells = new BigInt64Array(memory)
  return {
    ledger: { add: (bytes) => Number(Atomics.add(cells, TAKEN, BigInt(bytes))) + bytes },
    race: { isBeaten: (rank) => Atomics.load(cells, LEAST_RANK) < BigInt(rank) },
    claim: (rank) => {
      const claimed = BigInt(rank)
      let least = Atomics.load(cells, LEAST_RANK)
      while (claimed < least) least = Atomics.compareExchange(cells, LEAST_RANK, least, claimed)
    },
  }
}
