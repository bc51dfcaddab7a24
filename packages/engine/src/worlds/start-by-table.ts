import { check } from '@chaosproxy/checker'
import { canonical, historyFromEvents, inputError, type Json, millis, UserError } from '@chaosproxy/history'
import type { RouteTable } from '@chaosproxy/recorder/mapping'
import type { Workload } from '@chaosproxy/workloads'

const MEMORY_BYTES = 2 ** 24

/**
 * The workload with the initial value that the route table of a service gives, which knows the service; a workload only
 * assumes one.
 *
 * @throws UserError (input) for a value that the workload's model cannot begin with.
 */
export function startingByTable(
  workload: Workload,
  { table, file }: { readonly table: RouteTable; readonly file: string },
): Workload {
  if (table.initial === undefined) return workload
  // Nothing reads the objects of a simulated service before its clients do.
  const initial = typeof table.initial === 'object' && 'value' in table.initial ? table.initial.value : 'unknown'
  if (canonical(initial) === canonical(workload.initial)) return workload
  const begun = { ...workload, initial }
  const why = whyItCannotBegin(begun)
  if (why === undefined) return begun
  throw inputError(
    `${file}: "initial" does not suit the workload ${workload.name}: ${why} Or leave "initial" out of the table: objects then begin as the workload says, with ${JSON.stringify(workload.initial)}.`,
  )
}

function whyItCannotBegin({ model, initial, levels }: Workload): string | undefined {
  if (typeof model === 'object')
    return model.from !== undefined || initial === null || initial === 'unknown' || isSame(model.initial, initial)
      ? undefined
      : `its model ${model.name} has no "from", which makes its state of ${JSON.stringify(initial)}. Add from(value) to the model.`
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

/** A state may be anything, such as a Map. */
const isSame = (state: unknown, value: Json): boolean => JSON.stringify(state) === JSON.stringify(value)
