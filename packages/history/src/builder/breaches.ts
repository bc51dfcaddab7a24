import type { Columns } from '../columns/columns.ts'
import { type MergedFile, placeOfLine } from '../columns/merged-files.ts'
import type { UserError } from '../event/error.ts'
import { type EventType, eventTypes, type Process } from '../event/event.ts'
import { brokenRule, rules } from '../event/rules.ts'
import type { ByteTable } from '../tables/byte-table.ts'
import type { ProcessTable } from '../tables/processes.ts'

export interface Built {
  readonly source: string
  readonly files: readonly MergedFile[] | undefined
  readonly columns: Columns
  readonly functions: ByteTable
  readonly processes: ProcessTable
}

/** Returns the error for a broken rule. If the history has several files, `line` is counted across all of them. */
export function brokenAt(
  source: string,
  files: readonly MergedFile[] | undefined,
  line: number,
  rule: string,
): UserError {
  const { file = source, line: own } = placeOfLine(files, line)
  return brokenRule(file, own, rule)
}

/** The name of an event type, given its position in `eventTypes`. */
export const typeName = (type: number): EventType => eventTypes[type] ?? 'info'

export const processName = ({ names }: ProcessTable, process: number): Process => names[process] ?? process

/** Returns the error for a process whose operation in `row` had not ended. */
export function twoInFlight(built: Built, process: number, f: number, row: number, line: number): UserError {
  const { source, files, columns, functions, processes } = built
  const open = functions.text(columns.f[row] ?? 0)
  const name = processName(processes, process)
  // A process belongs to one file, so its operation in flight belongs to the same file.
  const { line: openLine } = placeOfLine(files, columns.callLine[row] ?? 0)
  return brokenAt(source, files, line, rules.twoInFlight(name, functions.text(f), open, openLine))
}

/** Returns the error for a completion whose function differs from that of its invocation in `row`. */
export function otherFunction(
  built: Built,
  process: number,
  type: number,
  f: number,
  row: number,
  line: number,
): UserError {
  const { source, files, columns, functions, processes } = built
  const open = functions.text(columns.f[row] ?? 0)
  const rule = rules.otherFunction(
    processName(processes, process),
    typeName(type),
    functions.text(f),
    open,
    placeOfLine(files, columns.callLine[row] ?? 0).line,
  )
  return brokenAt(source, files, line, rule)
}

/** Returns the error for a history in which some completions have an invocation and others have none. */
export function mixed({ source, files, columns, functions, processes }: Built, line: number): UserError {
  const first = processName(processes, columns.process[0] ?? 0)
  const type = typeName((columns.outcome[0] ?? 0) + 1)
  const rule = rules.notInvoked(first, type, functions.text(columns.f[0] ?? 0))
  return brokenAt(source, files, columns.returnLine[0] ?? line, rule)
}
