import { isUtf8 } from 'node:buffer'
import { isSet, readBinary, type Value } from './answers.ts'
import { COMMAND } from './layout.ts'
import { PacketCursor } from './packet-cursor.ts'

export type Command =
  /** `sql` is undefined if it is not UTF-8. */
  | { readonly kind: 'query' | 'prepare'; readonly sql: string | undefined }
  | { readonly kind: 'execute'; readonly statement: number; readonly usesCursor: boolean; readonly bytes: Buffer }
  | { readonly kind: 'long-data'; readonly statement: number; readonly parameter: number }
  | { readonly kind: 'close'; readonly statement: number }
  /** The command resets the session. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'quit' | 'statistics' | 'field-list' | 'set-option' }
  /** Commands that have no effect on rows, and that the server answers with an OK. */
  | { readonly kind: 'harmless' }
  | { readonly kind: 'other'; readonly number: number }

/** The flags of a command that executes a statement without a cursor. */
const NO_CURSOR = 0

/** @throws MalformedMessage */
export function readCommand(payload: Buffer): Command {
  const cursor = new PacketCursor('a command', payload, 0)
  const number = cursor.integer(1)
  switch (number) {
    case COMMAND.quit:
      return { kind: 'quit' }
    case COMMAND.query:
    case COMMAND.prepare: {
      const bytes = cursor.rest()
      return {
        kind: number === COMMAND.query ? 'query' : 'prepare',
        sql: isUtf8(bytes) ? bytes.toString('utf8') : undefined,
      }
    }
    case COMMAND.execute: {
      const [statement, flags] = [cursor.integer(4), cursor.integer(1)]
      // The number of executions is always 1.
      cursor.integer(4)
      return { kind: 'execute', statement, usesCursor: flags !== NO_CURSOR, bytes: cursor.rest() }
    }
    case COMMAND.longData:
      return { kind: 'long-data', statement: cursor.integer(4), parameter: cursor.integer(2) }
    case COMMAND.closeStatement:
      return { kind: 'close', statement: cursor.integer(4) }
    case COMMAND.reset:
      return { kind: 'reset' }
    case COMMAND.statistics:
      return { kind: 'statistics' }
    case COMMAND.fieldList:
      return { kind: 'field-list' }
    case COMMAND.setOption:
      return { kind: 'set-option' }
    case COMMAND.initDb: {
      const bytes = cursor.rest()
      return {
        kind: 'query',
        sql: isUtf8(bytes) ? `USE \`${bytes.toString('utf8').replaceAll('`', '``')}\`` : undefined,
      }
    }
    case COMMAND.ping:
    case COMMAND.resetStatement:
      return { kind: 'harmless' }
    default:
      return { kind: 'other', number }
  }
}

const UNSIGNED = 0x8000

/** The types of parameters, which a client sends only when they change. */
export type ParameterTypes = readonly number[]

/**
 * Reads the parameters of a prepared statement.
 *
 * @param bytes the bytes after the command's header.
 * @param known the types that the client sent earlier.
 * @param apart the parameters that were sent earlier, in separate commands.
 * @throws MalformedMessage
 */
export function readParameters(
  bytes: Buffer,
  count: number,
  known: ParameterTypes | undefined,
  apart: ReadonlySet<number>,
): { readonly values: readonly Value[]; readonly types: ParameterTypes } {
  if (count === 0) return { values: [], types: [] }
  const cursor = new PacketCursor('the parameters of a statement', bytes, 0)
  const nulls = cursor.bytes((count + 7) >> 3)
  const types = cursor.integer(1) === 1 ? Array.from({ length: count }, () => cursor.integer(2)) : known
  if (types === undefined) throw cursor.error('the types of the parameters were not sent')
  const values = types.map((type, at): Value => {
    if (isSet(nulls, at)) return null
    return apart.has(at) ? 'unread' : readBinary(cursor, type & 0xff, (type & UNSIGNED) !== 0)
  })
  return { values, types }
}

export const queryCommand = (sql: string): Buffer => Buffer.concat([Buffer.from([COMMAND.query]), Buffer.from(sql)])

/** The command that ends a session. */
export const QUIT: Buffer = Buffer.from([COMMAND.quit])
