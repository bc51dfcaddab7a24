import type { Pause } from './peer.ts'
import { errorMessage } from './report.ts'
import { type Done, reported, runStatement, type Talk } from './statement.ts'
import { describeColumns, writeRow } from './values.ts'

/** The simple protocol: all statements of a text, in one transaction unless they begin one. */
export function* answerQuery(talk: Talk, sql: string): Generator<Pause, void> {
  const { session, peer } = talk
  let running = sql
  try {
    const statements = session.parse(sql)
    if (statements.length === 0) peer.write({ kind: 'empty-query' })
    for (const [i, statement] of statements.entries()) {
      running = statement.sql
      const outcome = yield* runStatement(talk, session.prepare(statement, []), [])
      writeRows(talk, outcome)
      // The client hears of the last statement once it is durable.
      if (i === statements.length - 1) session.sync()
      if (outcome.kind === 'empty') peer.write({ kind: 'empty-query' })
      else peer.write({ kind: 'command-complete', tag: outcome.tag })
    }
  } catch (error) {
    peer.write(errorMessage(reported(talk, running, error)))
  }
}

function writeRows({ session: { context }, peer }: Talk, outcome: Done): void {
  if (outcome.kind !== 'rows') return
  const { columns, rows } = outcome
  peer.write({ kind: 'row-description', columns: describeColumns(columns, [], context) })
  for (const row of rows) peer.write({ kind: 'data-row', values: writeRow(row, { columns, formats: [], context }) })
}
