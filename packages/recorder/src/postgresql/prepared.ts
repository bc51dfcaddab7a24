import type { Column, FieldValue, Format } from '@chaosproxy/wire/postgresql'
import type { Operand } from './action.ts'
import { textOf } from './column-values.ts'
import type { PostgresqlSettings } from './settings.ts'
import { statementsOf } from './sql-tokens.ts'
import { analyse, type Statement } from './statement.ts'

/** A statement that was parsed, and may be carried out many times. */
export interface Prepared {
  readonly statements: readonly Statement[]
  /** The types of its parameters, as far as they are known; 0 is unknown. */
  types: readonly number[]
  /** The columns of its result; undefined until it was described. */
  columns: readonly Column[] | undefined
}

/** A statement with its parameters. */
export interface Portal {
  readonly prepared: Prepared
  readonly formats: readonly Format[]
  readonly values: readonly FieldValue[]
  readonly resultFormats: readonly Format[]
  columns: readonly Column[] | undefined
  wasExecuted: boolean
}

const UNREADABLE: Statement = {
  kind: 'other',
  what: 'a statement that cannot be read',
  touches: 'everything',
  why: 'a quotation in it has no end',
}

const NEWEST = 1000
/** Longer texts, such as bulk inserts, hardly repeat, and a thousand of them would fill the memory. */
const LONGEST_KNOWN = 10_000
const UNKNOWN_STATEMENT: Statement = {
  kind: 'other',
  what: 'a prepared statement from before',
  touches: 'everything',
  why: 'what it was prepared as was not seen; open the connections while the recording runs',
}

export const NOTHING_ASKED: Statement = { kind: 'other', what: 'an empty statement', touches: 'nothing', why: '' }
export const REST: Statement = { kind: 'other', what: 'the next rows of a cursor', touches: 'nothing', why: '' }
export const FUNCTION: Statement = {
  kind: 'other',
  what: 'a function called without SQL',
  touches: 'everything',
  why: 'which one is not read; call it by SELECT',
}

/** What nobody has seen prepared. */
export const unseen: Prepared = { statements: [UNKNOWN_STATEMENT], types: [], columns: undefined }

/** The meanings of texts. Applications send the same few again and again. */
export class StatementReader {
  readonly #recorded: PostgresqlSettings['commands']
  readonly #known: Map<string, readonly Statement[]> = new Map()

  constructor(recorded: PostgresqlSettings['commands']) {
    this.#recorded = recorded
  }

  read(sql: string): readonly Statement[] {
    const known = this.#known.get(sql)
    if (known !== undefined) return known
    const statements = statementsOf(sql)?.map((tokens) => analyse(tokens, this.#recorded)) ?? [UNREADABLE]
    if (sql.length > LONGEST_KNOWN) return statements
    if (this.#known.size >= NEWEST) this.#known.clear()
    this.#known.set(sql, statements)
    return statements
  }
}

/** An operand's text; undefined if it cannot be read. */
export function operandText(operand: Operand, portal: Portal | undefined): string | null | undefined {
  if (operand.kind === 'constant') return operand.text
  const at = operand.number - 1
  const value = portal?.values[at]
  if (portal === undefined || value === undefined) return undefined
  return textOf(value, formatAt(portal.formats, at), portal.prepared.types[at] ?? 0)
}

/** One format stands for all; none for text. */
export const formatAt = (formats: readonly Format[], at: number): Format =>
  formats.length === 1 ? (formats[0] ?? 0) : (formats[at] ?? 0)
