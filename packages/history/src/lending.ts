import { ByteTable, type ByteTableData } from './byte-table.ts'
import type { Process } from './event.ts'
import type { History } from './history.ts'
import { type Sessions, UNNAMED } from './sessions.ts'
import { ValueTable } from './value.ts'

/** What a history is made of. */
export interface HistoryParts
  extends Pick<
    History,
    | 'header'
    | 'source'
    | 'format'
    | 'operations'
    | 'functions'
    | 'keys'
    | 'nodes'
    | 'nemesis'
    | 'eventCount'
    | 'warnings'
    | 'marks'
    | 'passedOn'
  > {
  readonly values: ValueTable
  readonly processNames: readonly Process[]
  /** Undefined where every process is a client of its own. */
  readonly sessions: Sessions | undefined
  /** By operation: the number of its error's text, 0 for none, n for entry n - 1. */
  readonly errorColumn: Int32Array
  readonly errors: ByteTable
}

/** A history as plain data, for another thread. What was built in shared memory is then read by both, without a copy. */
export interface LentHistory extends Omit<HistoryParts, 'values' | 'errors'> {
  readonly values: ByteTableData
  readonly errors: ByteTableData
}

export function historyOf(parts: HistoryParts): History {
  const { errors, errorColumn, processNames, sessions } = parts
  // Spelled out, because histories are built by the thousand and copying members is slow.
  return {
    header: parts.header,
    source: parts.source,
    format: parts.format,
    operations: parts.operations,
    values: parts.values,
    functions: parts.functions,
    keys: parts.keys,
    nodes: parts.nodes,
    nemesis: parts.nemesis,
    eventCount: parts.eventCount,
    warnings: parts.warnings,
    processName: (process) => String(processNames[process] ?? process),
    processCount: processNames.length,
    hasSessions: sessions !== undefined,
    sessionOf: sessions === undefined ? itself : (process) => sessions.of[process] ?? UNNAMED,
    sessionName: (session) =>
      sessions === undefined ? String(processNames[session] ?? session) : (sessions.names[session] ?? 'unnamed'),
    marks: parts.marks,
    passedOn: parts.passedOn,
    errorOf: (operation) => {
      const error = errorColumn[operation] ?? 0
      return error === 0 ? undefined : errors.text(error - 1)
    },
    lend: () => ({ ...parts, values: parts.values.data(), errors: errors.data() }),
  }
}

/** The history that another thread lent. Values that one of them adds later are its own. */
export const borrowHistory = (lent: LentHistory): History =>
  historyOf({ ...lent, values: new ValueTable(undefined, lent.values), errors: new ByteTable(undefined, lent.errors) })

const itself = (process: number): number => process
