import type { FaultKind, Schedule, ScheduledFault } from '@chaosproxy/faults'
import { type Nanos, nanos } from '@chaosproxy/history'
import type { NemesisLoop } from './nemesis-loop.ts'
import type { Clock } from './ports.ts'

/** How often a fault that never bit is tried again. */
const MOST_ROUNDS = 3
/** Shorter than this it could be over before a busy machine has noticed it. */
const SHORTEST_NANOS = 1e9

interface InsistOptions {
  readonly nemesis: Pick<NemesisLoop, 'hasBitten' | 'heal' | 'add'>
  readonly clock: Clock
  /** Since the nemesis began. */
  readonly since: () => Nanos
  readonly schedule: Schedule
  /** Kinds of which at least one fault is to bite. */
  readonly kinds: readonly FaultKind[]
}

/**
 * Once a schedule is over, repeats the last fault of each kind that never bit, alone and each time longer, and calls
 * back when all kinds have, or when trying more is of no use. A node takes long to start on a slow machine; while it is
 * down it cannot be paused, and a run without a pause would prove less than was asked for.
 */
export function insistOnFaults(options: InsistOptions, done: () => void): void {
  round(options, 1, done)
}

function round(options: InsistOptions, number: number, done: () => void): void {
  const { nemesis, clock, since } = options
  if (idleFaults(options).length === 0) {
    done()
    return
  }
  // Faults that are in force may turn out to have bitten.
  nemesis.heal(() => {
    const idle = idleFaults(options)
    if (idle.length === 0 || number > MOST_ROUNDS) {
      done()
      return
    }
    const begunAt = since()
    let from: number = begunAt
    for (const fault of idle) {
      const to = from + Math.max(SHORTEST_NANOS, fault.to - fault.from) * 2 ** (number - 1)
      nemesis.add({ id: `${fault.id}-again-${number}`, from: nanos(from), to: nanos(to), plan: fault.plan })
      from = to
    }
    clock.at(nanos(clock.now() + from - begunAt), () => round(options, number + 1, done))
  })
}

/** Of each kind that never bit, the last fault. */
function idleFaults({ nemesis, schedule, kinds }: InsistOptions): readonly ScheduledFault[] {
  const idle = kinds.filter((kind) => !nemesis.hasBitten(kind))
  return idle.flatMap((kind) => schedule.filter(({ plan }) => plan.kind === kind).slice(-1))
}
