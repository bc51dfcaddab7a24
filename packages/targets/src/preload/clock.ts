import type { Control } from './control.ts'

export interface Clock {
  /** Makes the clock jump and then drift, in addition to other faults, until the returned function is called. */
  move(fault: { readonly offsetMs: number; readonly driftPpm: number }): () => void
  stop(): void
}

interface Move {
  readonly offsetMs: number
  readonly driftPpm: number
  readonly sinceNanos: bigint
}

/** Creates a clock that writes its error to a control page. The offsets and drifts of overlapping faults add up. */
export function createClock(control: Pick<Control, 'setClock'>): Clock {
  const moves = new Set<Move>()
  let isStopped = false
  function set(): void {
    if (isStopped) return
    const sinceNanos = process.hrtime.bigint()
    const drifted = [...moves].reduce(
      (sum, move) => sum + (Number(sinceNanos - move.sinceNanos) * move.driftPpm) / 1e6,
      0,
    )
    const offsetNanos = [...moves].reduce((sum, { offsetMs }) => sum + BigInt(Math.round(offsetMs * 1e6)), 0n)
    const driftPpm = [...moves].reduce((sum, move) => sum + move.driftPpm, 0)
    control.setClock({ offsetNanos: offsetNanos + BigInt(Math.round(drifted)), driftPpm, sinceNanos })
  }
  return {
    move({ offsetMs, driftPpm }) {
      const move = { offsetMs, driftPpm, sinceNanos: process.hrtime.bigint() }
      moves.add(move)
      set()
      return () => {
        moves.delete(move)
        set()
      }
    },
    stop() {
      isStopped = true
    },
  }
}
