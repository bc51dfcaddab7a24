import type { ProtocolDefinition, ProtocolOptions } from '../definition.ts'
import { bank } from './bank.ts'
import { counter } from './counter.ts'
import { ids } from './ids.ts'
import { lists } from './lists.ts'
import { lock } from './lock.ts'
import { log } from './log.ts'
import type { AnyObject } from './object.ts'
import { queue } from './queue.ts'
import { register } from './register.ts'
import { set } from './set.ts'
import { transactions } from './transactions.ts'
import { workQueue } from './work-queue.ts'

/** All objects that protocols can replicate. Help, documentation and tests iterate over this list. */
export const objects: readonly AnyObject[] = [
  register,
  counter,
  set,
  queue,
  lock,
  lists,
  transactions,
  bank,
  ids,
  log,
  workQueue,
]

/** Returns the functions that clients can call with these settings. */
export function functionsOf(protocol: ProtocolDefinition, settings: ProtocolOptions['settings']): readonly string[] {
  const declared = typeof protocol.functions === 'function' ? protocol.functions(settings) : protocol.functions
  if (declared !== undefined) return declared
  // Cached, because a search calls this before every trial.
  const known = functionsKnown.get(protocol)
  if (known !== undefined) return known
  const functions = [...new Set(protocol.objects.flatMap((name) => findObject(name)?.functions ?? []))]
  functionsKnown.set(protocol, functions)
  return functions
}

const functionsKnown = new WeakMap<ProtocolDefinition, readonly string[]>()

/** Whether any function of the object only reads it. Queues and locks have no such function. */
export const isEverRead = (name: string | undefined): boolean =>
  name === undefined || findObject(name)?.reads.length !== 0

export const findObject = (name: string): AnyObject | undefined => objects.find((object) => object.name === name)
