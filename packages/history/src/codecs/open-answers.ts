import type { Json } from '../event/event.ts'
import { brokenRule, shortened } from '../event/rules.ts'
import { takesNothing } from '../operations/meaning.ts'
import { canonical } from '../tables/value.ts'
import type { ReadOperation } from './operation-members.ts'
import type { Roles } from './roles.ts'

/**
 * Uses the whole file to decide whether answers of reads, such as `"result":"ok"`, are values or outcomes.
 *
 * @throws UserError if the file does not show the meaning.
 */
export function settled(operations: readonly ReadOperation[], roles: Roles, source: string): readonly ReadOperation[] {
  const granted = settledLocks(operations)
  if (operations.every(({ open }) => open === undefined)) return granted
  const carriers = new Set<string>()
  const written = new Set<string>()
  for (const { carrier, input, event } of operations) {
    if (carrier !== undefined) carriers.add(carrier)
    if (!takesNothing(event.f) && input !== undefined) addAll(written, input)
  }
  return granted.map((operation) => {
    const { open, line, event } = operation
    if (open === undefined) return operation
    const { member, answered, outcome } = open
    const isWritten = written.has(canonical(answered))
    if (isWritten && (carriers.size === 0 || carriers.has(member))) return asReturned(operation, roles, open)
    if (outcome === 'ok' && carriers.has(member)) return asReturned(operation, roles, open)
    if (outcome === 'ok' && carriers.size === 0)
      throw brokenRule(
        source,
        line,
        `"${member}" is ${shortened(canonical(answered))}, and no member holds what a ${event.f} returned. If "${member}" does: --map output=${member} Otherwise name the member that does: --map output=MEMBER`,
      )
    roles.take(member, 'the outcome', String(answered))
    if (operation.type !== 'ok') return operation
    return outcome === 'ok' || outcome === 'nothing' ? { ...operation, output: null } : { ...operation, type: outcome }
  })
}

/**
 * If some acquires of a lock returned something other than null, those that returned null may have found the lock held.
 * Their outcome then becomes unknown.
 */
function settledLocks(operations: readonly ReadOperation[]): readonly ReadOperation[] {
  if (operations.every(({ isGranted }) => isGranted !== true)) return operations
  return operations.map((operation) =>
    operation.isGranted === false && operation.type === 'ok' ? { ...operation, type: 'info' } : operation,
  )
}

function asReturned(
  operation: ReadOperation,
  roles: Roles,
  { member, answered }: NonNullable<ReadOperation['open']>,
): ReadOperation {
  roles.take(member, 'what was returned')
  return { ...operation, output: answered }
}

function addAll(written: Set<string>, value: Json): void {
  written.add(canonical(value))
  if (Array.isArray(value)) for (const each of value) written.add(canonical(each))
}
