import type { Outcome, Prepared, Session } from '../session/session.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import type { Statement } from '../sql/parse.ts'
import type { SqlValue } from '../types/value.ts'
import { printCopy, readCopy } from './copy.ts'
import type { Pause, Peer } from './peer.ts'
import { writeRow } from './values.ts'

export interface Talk {
  readonly session: Session
  readonly peer: Peer
  readonly unsupported: (sql: string, construct: string) => void
}

/** The last outcome of a statement. For COPY FROM STDIN, this is the outcome after the client's data. */
export type Done = Extract<Outcome, { readonly kind: 'done' | 'rows' | 'empty' }>

export function* runStatement(
  talk: Talk,
  given: Prepared | Statement,
  parameters: readonly SqlValue[],
  inParts = false,
): Generator<Pause, Done> {
  const statement = 'node' in given ? given : given.statement
  talk.session.runs(statement.text)
  yield { kind: 'cost', sql: statement.sql }
  const outcome = yield* talk.session.execute(given, parameters, inParts)
  switch (outcome.kind) {
    case 'copyIn':
      return yield* copyIn(talk, outcome)
    case 'copyOut':
      copyOut(talk, outcome)
      return { kind: 'done', tag: outcome.tag }
    default:
      return outcome
  }
}

function* copyIn(
  talk: Talk,
  { columns, format, finish }: Extract<Outcome, { readonly kind: 'copyIn' }>,
): Generator<Pause, Done> {
  const {
    peer,
    session: { context },
  } = talk
  if (format.format === 'binary') throw new NotSupported('COPY … FORMAT binary')
  peer.write({ kind: 'copy-in', format: 0, columns: columns.map(() => 0) })
  peer.flush()
  const text = yield* copied(peer)
  const rows = readCopy(
    text,
    columns.map(({ name }) => name),
    format,
  )
  const read = (cell: string | null, i: number): SqlValue => {
    const type = columns[i]?.type
    return cell === null || type === undefined ? null : context.types.typeOf(type.oid).input(cell, context, type.typmod)
  }
  const outcome = yield* finish(rows.map((row) => row.map(read)))
  if (outcome.kind !== 'done') throw new Error(`COPY ends with ${outcome.kind}`)
  return outcome
}

function* copied(peer: Peer): Generator<Pause, string> {
  const parts: Buffer[] = []
  for (;;) {
    const message = yield* peer.next()
    switch (message.kind) {
      case 'copy-data':
        parts.push(message.bytes)
        break
      case 'copy-done':
        return Buffer.concat(parts).toString()
      case 'copy-fail':
        throw new SqlError('57014', `COPY from stdin failed: ${message.reason}`)
      // Clients of the extended protocol send Flush and Sync before they learn that the statement is a COPY.
      case 'flush':
      case 'sync':
        break
      case 'closed':
      case 'terminate':
      case 'malformed':
        peer.push({ kind: 'closed' })
        throw new SqlError('08006', 'unexpected EOF on client connection with an open transaction')
      default:
        throw new SqlError('08P01', 'unexpected message type during COPY from stdin')
    }
  }
}

function copyOut(
  { session: { context }, peer }: Pick<Talk, 'session' | 'peer'>,
  { columns, rows, format }: Extract<Outcome, { readonly kind: 'copyOut' }>,
): void {
  if (format.format === 'binary') throw new NotSupported('COPY … FORMAT binary')
  peer.write({ kind: 'copy-out', format: 0, columns: columns.map(() => 0) })
  const line = (cells: readonly (string | null)[]): void =>
    peer.write({ kind: 'copy-data', bytes: Buffer.from(printCopy(cells, format)) })
  if (format.header) line(columns.map(({ name }) => name))
  for (const row of rows)
    line(writeRow(row, { columns, formats: [], context }).map((cell) => (cell === null ? null : cell.toString())))
  peer.write({ kind: 'copy-done' })
}

/**
 * Makes the transaction fail, and returns the error to report.
 *
 * @throws SqlError if the error ends the session; rethrows errors other than SqlError and NotSupported
 */
export function reported({ session, unsupported }: Talk, sql: string, error: unknown): SqlError {
  if (!(error instanceof SqlError) && !(error instanceof NotSupported)) throw error
  if (error instanceof SqlError && error.fields.severity === 'FATAL') throw error
  session.fail()
  if (error instanceof SqlError) return error
  unsupported(sql, error.construct)
  return new SqlError('0A000', error.message)
}
