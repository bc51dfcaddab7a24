import type { FaultKind, Schedule, ScheduledFault } from '@chaosproxy/faults'
import { type Nanos, nanos } from '@chaosproxy/history'
import type { Clock } from '../ports/cluster.ts'
import type { NemesisLoop } from './nemesis-loop.ts'

/** How many times a fault that never took effect is repeated. */
const MOST_ROUNDS = 3
/** A shorter fault could end before a slow machine reacts to it. */
const SHORTEST_NANOS = 1e9

interface InsistOptions {
  readonly nemesis: Pick<NemesisLoop, 'hasBitten' | 'heal' | 'add'>
  readonly clock: Clock
  readonly since: () => Nanos
  readonly schedule: Schedule
  /** The kinds of faults that must take effect at least once. */
  readonly kinds: readonly FaultKind[]
  /** See `Cluster.mayBite`. */
  readonly mayBite: (kind: FaultKind) => boolean
}

/**
 * For each kind of fault that never took effect, repeats the last fault of this kind, for twice as long in each round.
 * On a slow machine, a node may still be starting when its pause is due; without a pause, the run would prove less than
 * the user requested.
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
  // The hits of a fault are known only after healing, so the faults are healed first.
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

/** For each kind of fault that has not yet taken effect but still can, returns the last scheduled fault. */
function idleFaults({ nemesis, schedule, kinds, mayBite }: InsistOptions): readonly ScheduledFault[] {
  const idle = kinds.filter((kind) => !nemesis.hasBitten(kind) && mayBite(kind))
  return idle.flatMap((kind) => schedule.filter(({ plan }) => plan.kind === kind).slice(-1))
}
