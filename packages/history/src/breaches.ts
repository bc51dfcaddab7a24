import type { ByteTable } from './byte-table.ts'
import type { Columns } from './columns.ts'
import type { UserError } from './error.ts'
import { type EventType, eventTypes, type Process } from './event.ts'
import type { ProcessTable } from './processes.ts'
import { brokenRule, rules } from './rules.ts'

/** What was built of a history when an event broke a rule. */
export interface Built {
  readonly source: string
  readonly columns: Columns
  readonly functions: ByteTable
  readonly processes: ProcessTable
}

/** The name of an event type, which is a position in `eventTypes`. */
export const typeName = (type: number): EventType => eventTypes[type] ?? 'info'

/** A process as the file calls it. */
export const processName = ({ names }: ProcessTable, process: number): Process => names[process] ?? process

/** A process invoked again before its operation in `row` had ended. */
export function twoInFlight(built: Built, process: number, f: number, row: number, line: number): UserError {
  const { source, columns, functions, processes } = built
  const open = functions.text(columns.f[row] ?? 0)
  const name = processName(processes, process)
  return brokenRule(source, line, rules.twoInFlight(name, functions.text(f), open, columns.callLine[row] ?? 0))
}

/** A completion names another function than its invocation in `row`. */
export function otherFunction(
  built: Built,
  process: number,
  type: number,
  f: number,
  row: number,
  line: number,
): UserError {
  const { source, columns, functions, processes } = built
  const open = functions.text(columns.f[row] ?? 0)
  const rule = rules.otherFunction(
    processName(processes, process),
    typeName(type),
    functions.text(f),
    open,
    columns.callLine[row] ?? 0,
  )
  return brokenRule(source, line, rule)
}

/** An invocation follows completions without any: the first of those is at fault. */
export function mixed({ source, columns, functions, processes }: Built, line: number): UserError {
  const first = processName(processes, columns.process[0] ?? 0)
  const type = typeName((columns.outcome[0] ?? 0) + 1)
  const rule = rules.notInvoked(first, type, functions.text(columns.f[0] ?? 0))
  return brokenRule(source, columns.returnLine[0] ?? line, rule)
}
