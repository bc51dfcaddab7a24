import type { Level } from '@chaos/checker'
import { UserError } from '@chaos/history'
import { findProtocol, type KnobValue } from '@chaos/protocols'
import type { Subject } from '@chaos/simulator'

/** What is searched, by names: what can be sent to another thread. */
export interface SubjectName {
  readonly target: string
  readonly bug: string | undefined
  readonly knobs: { readonly [name: string]: KnobValue }
  readonly level: Level
  readonly nodes: number | undefined
  readonly operations: number
}

/** @throws UserError (usage) where there is no such target. */
export function subjectOf({ target, ...rest }: SubjectName): Subject {
  const protocol = findProtocol(target)
  if (protocol === undefined) throw new UserError('usage', `there is no target "${target}".`)
  return { protocol, ...rest }
}
