import { UserError } from '@chaosproxy/history'
import type { Assumption } from './assumption.ts'
import { linearizableKeys } from './linearizable-keys.ts'
import { sequentialKeys } from './sequential-keys.ts'
import { writeFollowsRead } from './write-follows-read.ts'

/** What may be taken for granted of registers. */
export const assumptions: readonly Assumption[] = [writeFollowsRead, sequentialKeys, linearizableKeys]

/** @throws UserError if there is none of that name. */
export function assumptionOf(name: string): Assumption {
  const found = assumptions.find((each) => each.name === name)
  if (found !== undefined) return found
  const names = assumptions.map((each) => each.name).join(', ')
  throw new UserError('usage', `nothing is assumed by the name "${name}". There are: ${names}.`)
}
