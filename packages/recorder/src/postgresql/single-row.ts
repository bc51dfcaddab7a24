import type { Action, MayTouch, Operand } from './action.ts'
import type { RowStatement, Rows } from './row-statement.ts'
import type { PostgresqlSettings } from './settings.ts'

// Records one column of one table, as registers or counters.

type Recorded = PostgresqlSettings['commands']
type Of<Does extends RowStatement['does']> = Extract<RowStatement, { readonly does: Does }>

/** A statement that is not an operation, and the rows that it may change. */
type Confined = { readonly touches: MayTouch; readonly why: string }

const REMEDY = 'select one row by its primary key, and write the recorded column from a parameter or a literal'

const onlyTouches = (touches: MayTouch, why: string, remedy = REMEDY): Confined => ({
  touches,
  why: `${why}: ${remedy}`,
})

export function actionOf(statement: RowStatement, recorded: Recorded): Action | Confined | undefined {
  switch (statement.does) {
    case 'read':
      return readOf(statement, recorded)
    case 'update':
      return updateOf(statement, recorded)
    case 'delete':
      return deleteOf(statement, recorded)
    case 'insert':
      return insertOf(statement, recorded)
  }
}

type Keyed = Extract<Rows, { readonly kind: 'keys' }>

/** The single row that a WHERE names. */
function rowOf(rows: Rows): { readonly key: Operand; readonly rows: Keyed } | undefined {
  const [key, another] = rows.kind !== 'keys' || rows.isPartial || 'array' in rows.keys ? [] : rows.keys
  return rows.kind !== 'keys' || key === undefined || another !== undefined ? undefined : { key, rows }
}

const expectedIn = ({ compared }: Keyed, of: string): Operand | undefined =>
  compared.find(({ column, comparison }) => column === of && comparison === '=')?.operand

/**
 * Returns the read of one row. Undefined if there are further conditions, because a row that is not found may then
 * exist.
 */
function readOf({ rows, resultColumns, isJoined, aggregate }: Of<'read'>, { value }: Recorded): Action | undefined {
  const one = rowOf(rows)
  const place = resultColumns.values.get(value)
  if (one === undefined || one.rows.conditions > 0 || isJoined || aggregate !== undefined || place === undefined)
    return undefined
  const { limit, offset } = one.rows
  return { does: 'read', key: one.key, value: place, limit, offset }
}

function updateOf(
  { rows, sets, resultColumns }: Of<'update'>,
  { value: column, model }: Recorded,
): Action | Confined | undefined {
  const set = sets.get(column)
  if (set === undefined) return { touches: 'nothing', why: '' }
  const one = rowOf(rows)
  if (one === undefined) return undefined
  const { key } = one
  const expected = expectedIn(one.rows, column)
  const others = one.rows.conditions
  switch (set.kind) {
    case 'operand':
      return expected === undefined
        ? { does: 'write', key, value: set.operand, mayMiss: true }
        : { does: 'cas', key, expected, value: set.operand }
    case 'sum': {
      const sum = resultColumns.values.get(column)
      if (expected !== undefined) return onlyTouches({ key }, 'the UPDATE adds to the value only under a condition')
      if (others > 0 && sum === undefined && model !== 'counter')
        return onlyTouches(
          { key },
          'the UPDATE adds to the value only under a condition',
          'add RETURNING with the recorded column',
        )
      return { does: 'add', key, amount: set.amount, sign: set.sign, creates: false, sum }
    }
    default:
      return onlyTouches({ key }, 'the value that it writes is unknown')
  }
}

function deleteOf({ rows }: Of<'delete'>, { value }: Recorded): Action | undefined {
  const one = rowOf(rows)
  if (one === undefined) return undefined
  const expected = expectedIn(one.rows, value)
  if (expected !== undefined) return { does: 'cas', key: one.key, expected, value: 'delete' }
  return { does: 'delete', key: one.key, mayMiss: one.rows.conditions > 0 }
}

function insertOf(
  { inserted, conflict, resultColumns, isConditional = false }: Of<'insert'>,
  { value: column }: Recorded,
): Action | Confined | undefined {
  const [row, another] = inserted
  const key = row?.key
  const value = row?.values.get(column)
  if (key === undefined || value === undefined || another !== undefined) return undefined
  switch (value.kind) {
    case 'operand':
      return conflict === 'update'
        ? { does: 'write', key, value: value.operand, mayMiss: isConditional }
        : { does: 'insert', key, value: value.operand }
    case 'increment': {
      const { amount, sign } = value
      return amount === 'excluded' || isConditional
        ? onlyTouches({ key }, 'it writes one value or adds another')
        : { does: 'add', key, amount, sign, creates: true, sum: resultColumns.values.get(column) }
    }
    default:
      return onlyTouches({ key }, 'the value that it writes is unknown')
  }
}
