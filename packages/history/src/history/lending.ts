import { ByteTable } from '../tables/byte-table.ts'
import { UNNAMED } from '../tables/sessions.ts'
import { ValueTable } from '../tables/value.ts'
import type { History } from './history.ts'
import type { HistoryParts, LentHistory } from './history-data.ts'

export type { LentHistory } from './history-data.ts'

interface Tables {
  readonly values: ValueTable
  readonly errors: ByteTable
}

export function historyOf(parts: HistoryParts & Tables): History {
  const { errors, errorColumn, processNames, sessions } = parts
  // Lists the members one by one: a spread is slow, and histories are built by the thousand.
  return {
    header: parts.header,
    source: parts.source,
    files: parts.files,
    format: parts.format,
    operations: parts.operations,
    values: parts.values,
    functions: parts.functions,
    keys: parts.keys,
    nodes: parts.nodes,
    nemesis: parts.nemesis,
    eventCount: parts.eventCount,
    warnings: parts.warnings,
    taken: parts.taken,
    isUnitGuessed: parts.isUnitGuessed,
    cutOff: parts.cutOff,
    requested: parts.requested,
    clocks: parts.clocks,
    transactionNotes: parts.transactionNotes,
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

/** The history that another thread lent. Values added later are not shared. */
export const borrowHistory = (lent: LentHistory): History =>
  historyOf({ ...lent, values: new ValueTable(undefined, lent.values), errors: new ByteTable(undefined, lent.errors) })

const itself = (process: number): number => process
