import { type Millis, usageError } from '@chaosproxy/history'
import type { Subject } from '../options.ts'
import { type Planner, planners } from './items.ts'

export interface TransactionConfig extends Subject {
  readonly planner: Planner
  /** The interval at which each node checks its undecided transactions. */
  readonly checkMs: Millis
  readonly voteTimeoutMs: Millis
  /** The largest number of attempts of a transaction that finds an item locked. */
  readonly attempts: number
}

/** @throws UserError (usage) if `attempts` is not a whole number. */
export function transactionConfig<Chosen extends Omit<TransactionConfig, 'planner'>>(
  name: string,
  chosen: Chosen,
): Chosen & TransactionConfig {
  const { object, attempts } = chosen
  const planner = planners[object.name]
  if (planner === undefined) throw new Error(`${name} has no planner for transactions on a ${object.name}`)
  if (!Number.isInteger(attempts))
    throw usageError(`${name}: attempts=${attempts} is not possible; give a whole number, 1 or more.`)
  return { ...chosen, planner }
}
