import { type Millis, millis, UserError } from '@chaosproxy/history'
import type { ProtocolOptions } from '../definition.ts'
import type { AnyObject } from '../objects/object.ts'
import { type Chosen, chooseOptions, type Declared } from '../options.ts'
import { type Planner, planners } from './items.ts'

/** The options that two-phase and three-phase commit have in common. */
export interface TransactionConfig {
  readonly object: AnyObject
  readonly planner: Planner
  /** How often each node looks at what it has not decided. */
  readonly checkMs: Millis
  /** How long a coordinator waits for votes, and for acknowledgements if there are any. */
  readonly voteTimeoutMs: Millis
  /** How often a transaction is tried that finds an item locked. */
  readonly attempts: number
  readonly bug: string | undefined
}

/** @throws UserError (usage) for options that are not possible. */
export function chooseForTransactions(
  declared: Declared,
  options: ProtocolOptions,
): { readonly chosen: Chosen; readonly config: TransactionConfig } {
  const { name } = declared
  const chosen = chooseOptions(declared, options)
  const { object, bug } = chosen
  const planner = planners[object.name]
  if (planner === undefined) throw new Error(`${name} cannot split a ${object.name}`)
  const attempts = chosen.number('attempts')
  if (!Number.isInteger(attempts))
    throw new UserError('usage', `${name}: attempts=${attempts} is not possible; give a whole number, 1 or more.`)
  const checkMs = millis(chosen.number('check-ms'))
  const voteTimeoutMs = millis(chosen.number('vote-timeout-ms'))
  return { chosen, config: { object, planner, checkMs, voteTimeoutMs, attempts, bug } }
}
