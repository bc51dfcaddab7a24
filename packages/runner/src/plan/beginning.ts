import { check } from '@chaosproxy/checker'
import { canonical, historyFromEvents, inputError, type Json, millis, UserError } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'
import type { DeclaredBeginning } from '../ports/target.ts'

const MEMORY_BYTES = 2 ** 24

/**
 * Returns the workload with the initial value that the user declares: the user knows the service, the workload only
 * assumes a value.
 *
 * @throws UserError (input) for a value that the workload's model cannot start with.
 */
export function beginningAs(workload: Workload, begins: DeclaredBeginning | undefined): Workload {
  if (begins === undefined) return workload
  const assumed = workload.isInserted === true ? 'unknown' : workload.initial
  const initial = begins.initial === undefined ? assumed : begins.initial
  if (canonical(initial) === canonical(workload.initial)) return workload
  const begun = { ...workload, initial }
  const why = whyItCannotBegin(begun)
  if (why === undefined) return begun
  throw inputError(
    `${begins.where}: "initial" does not suit the workload ${workload.name}: ${why} You can also leave "initial" out of the table: objects then begin with ${JSON.stringify(workload.initial)}, the value of the workload.`,
  )
}

function whyItCannotBegin({ model, initial, levels }: Workload): string | undefined {
  if (typeof model === 'object')
    return model.from !== undefined || initial === null || initial === 'unknown' || isSame(model.initial, initial)
      ? undefined
      : `its model ${model.name} has no function "from" to turn ${JSON.stringify(initial)} into a state. Add from(value) to the model.`
  try {
    check(historyFromEvents([]), {
      ...{ model, initial, levels, deadlineMs: millis(1_000), memoryBytes: MEMORY_BYTES },
      now: () => millis(0),
    })
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

/** Compares the JSON texts, because a state may be an object of any type. */
const isSame = (state: unknown, value: Json): boolean => JSON.stringify(state) === JSON.stringify(value)
