import { type History, type Json, type Nanos, nanos, OK, outputOf, plural } from '@chaosproxy/history'
import { historyOfTraffic, proposeTables, shapesOf } from '@chaosproxy/recorder/postgresql'
import type { Engine } from '@chaosproxy/simulated-postgresql'
import { backendReader, frontendReader, rowsOf } from '@chaosproxy/wire/postgresql'
import { type Exchanged, requestsOf, type Traffic } from './traffic.ts'

/** An SQL statement that the program awaited while it served a client's request. */
export interface AwaitedSql {
  readonly request: string
  /** The index of the await in `Program.sites`. */
  readonly site: number
  readonly sql: string
  /**
   * The result of the statement: `1 row`, `UPDATE 1`, or the code of an error. Empty if this would say no more than the
   * statement itself.
   */
  readonly outcome: string
  readonly answeredAt: Nanos
  /**
   * The cells that the statement read. `writes`: the cells that it changed, if the change is visible after the commit.
   */
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly committedAt: Nanos
}

type SentSql = Omit<AwaitedSql, 'reads' | 'writes' | 'committedAt'>

const LONGEST_MESSAGE = 2 ** 24

/** Returns the transactions of a database as a history; undefined if no table can be recorded. */
function recordedSql(traffic: Traffic, engine: Engine, id: string): History | undefined {
  const catalogue = engine.catalogue()
  const { as } = proposeTables(catalogue)
  const { tables } = catalogue
  return Object.keys(as.tables).length === 0 ? undefined : historyOfTraffic(traffic.passed(), { as, tables }, id)
}

/** Returns the statements on all connections in the order of replies. */
export function awaitedSql(traffic: Traffic, engine: Engine, id: string): readonly AwaitedSql[] {
  const history = recordedSql(traffic, engine, id)
  if (history === undefined) return []
  const sent = traffic
    .exchanges()
    .flatMap(sentOn)
    .sort((one, other) => one.answeredAt - other.answeredAt)
  const cells = cellsOf(history)
  return sent.map((statement) => {
    const own = cells.get(statement.request) ?? []
    const at = own.findIndex(({ sql }) => sql === statement.sql)
    const [found] = at < 0 ? [] : own.splice(at, 1)
    const { reads = [], writes = [], committedAt = statement.answeredAt } = found ?? {}
    return { ...statement, reads, writes, committedAt }
  })
}

function sentOn(exchanges: readonly Exchanged[]): readonly SentSql[] {
  const [questions, replies] = [frontendReader(LONGEST_MESSAGE), backendReader(LONGEST_MESSAGE)]
  const [prepared, portals] = [new Map<string, string>(), new Map<string, string>()]
  return exchanges.flatMap((exchanged): readonly SentSql[] => {
    const { answered } = exchanged
    const texts = requestsOf(exchanged).flatMap(([{ bytes }, request]) => {
      const shapes = questions.read(bytes).flatMap((message): readonly string[] => {
        if (message.kind === 'query') return shapesOf(message.sql)
        if (message.kind === 'parse') prepared.set(message.statement, message.sql)
        if (message.kind === 'bind') portals.set(message.portal, prepared.get(message.statement) ?? '')
        return message.kind === 'execute' ? shapesOf(portals.get(message.portal) ?? '').slice(0, 1) : []
      })
      return shapes.map((sql) => ({ sql, request }))
    })
    const outcomes = answered.flatMap(({ at, bytes }) =>
      replies.read(bytes).flatMap((message) => {
        if (message.kind === 'command-complete') return [{ at, outcome: outcomeOf(message.tag) }]
        if (message.kind !== 'error') return []
        return [{ at, outcome: `error ${message.fields.find(([field]) => field === 'C')?.[1] ?? ''}` }]
      }),
    )
    const resumed = answered.flatMap((entry) => entry.resumed)
    return texts.flatMap(({ sql, request }, i) => {
      const site = resumed.find((each) => each.request === request)?.site
      const { at: answeredAt, outcome } = outcomes[i] ?? {}
      if (request === undefined || site === undefined) return []
      return answeredAt === undefined || outcome === undefined ? [] : [{ request, site, sql, outcome, answeredAt }]
    })
  })
}

function outcomeOf(tag: string): string {
  const rows = rowsOf(tag)
  if (rows === undefined) return ''
  return tag.startsWith('SELECT') ? plural(rows, 'row') : tag
}

interface Cells extends Pick<AwaitedSql, 'reads' | 'writes' | 'committedAt'> {
  readonly sql: string
}

function cellsOf(history: History): ReadonlyMap<string, Cells[]> {
  const found = new Map<string, Cells[]>()
  const { length, outcome, returnLine, returnTime } = history.operations
  for (let row = 0; row < length; row++) {
    const note = history.transactionNotes?.get(returnLine[row] ?? 0)
    if (outcome[row] !== OK || note?.request === undefined) continue
    const all = outputOf(history, row) as readonly Json[]
    const named = (from: number, to: number, areReads: boolean): readonly string[] =>
      all.slice(from, to).flatMap((micro) => {
        const [does, cell] = micro as readonly Json[]
        return String(does).startsWith('r') === areReads && typeof cell === 'string' ? [cell] : []
      })
    let at = 0
    const statements = note.statements.map(([sql, count]): Cells => {
      const from = at
      at += count
      const [reads, writes] = [named(from, at, true), named(from, at, false)]
      return { sql, reads, writes, committedAt: nanos(returnTime[row] ?? 0) }
    })
    found.set(note.request, [...(found.get(note.request) ?? []), ...statements])
  }
  return found
}
