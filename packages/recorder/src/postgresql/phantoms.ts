import { isObject, type Json } from '@chaosproxy/history'
import { isNotTrueOf, isTrueOf, type RowValues, type Sensitive } from './asked-condition.ts'

// A row that a transaction inserts, or changes so that a condition is true of it, is a phantom for another that had asked for
// such rows before. Nothing shows it there, so a cell of its own stands for it: null to who asked, and written by who changed
// it. So does one for a row that goes, which is true to who asked.

interface Members {
  readonly [member: string]: unknown
}

/** A row that a transaction inserted, deleted or changed. */
interface Changed extends Pick<Asked, 'at' | 'statement' | 'table' | 'answeredAt'> {
  /** What is known of it before and after; null without a row. */
  readonly before: RowValues | null
  readonly after: RowValues | null
  readonly endedAt: number
}

interface Asked extends Sensitive {
  /** The place of the transaction among the objects, and of its statement. */
  readonly at: number
  readonly statement: number
  readonly table: string
  /** When it was answered at the latest. */
  readonly answeredAt: number
}

interface Added {
  readonly statement: number
  readonly micro: readonly [kind: 'r' | 'w', cell: string, value: Json]
  /** The lock of a row that is inserted. */
  readonly lock?: Json
}

/**
 * The objects of a recorded history with a cell for each row that another transaction asked for, or would have, before the
 * commit of its change was requested, and so without seeing that. Undefined if there is none.
 */
export function withPhantoms(objects: readonly unknown[]): readonly unknown[] | undefined {
  const committed = objects.map((object) => (isObject(object) && object['type'] === 'ok' ? object : undefined))
  const asked = committed.flatMap(askedIn)
  if (asked.length === 0) return undefined
  const added = new Map<number, Added[]>()
  const add = (at: number, one: Added): void => void added.set(at, [...(added.get(at) ?? []), one])
  const counts = new Map<string, number>()
  for (const row of committed.flatMap(changedIn)) {
    const unaware = asked.filter(({ at, table, answeredAt }) => {
      return at !== row.at && table === row.table && answeredAt < row.endedAt
    })
    for (const isThere of [true, false]) {
      const values = isThere ? row.after : row.before
      const missed = values === null ? [] : unaware.filter(isThere ? comesTo(row) : goesFrom(row))
      if (values === null || missed.length === 0) continue
      const { at, statement, table, answeredAt, endedAt } = row
      const name = rowName(table, values, counts)
      const cell = `${name}/${COLUMN}`
      add(at, { statement, micro: ['w', cell, isThere || null], lock: [name, answeredAt, endedAt] })
      for (const each of missed) add(each.at, { statement: each.statement, micro: ['r', cell, isThere ? null : true] })
    }
  }
  if (added.size === 0) return undefined
  return objects.map((object, at) => (isObject(object) ? withAdded(object, added.get(at) ?? []) : object))
}

/** Whether a condition becomes true of a row. One that was true of no row need not be known to be false of it before. */
const comesTo =
  ({ before, after }: Changed) =>
  (asked: Asked): boolean =>
    after !== null && isTrueOf(asked, after) && (before === null || asked.isEmpty || isNotTrueOf(asked, before))

/** Whether it no longer is. */
const goesFrom =
  ({ before, after }: Changed) =>
  (asked: Asked): boolean =>
    before !== null && asked.isToLosses && isTrueOf(asked, before) && (after === null || isNotTrueOf(asked, after))

/** Of a phantom, whose columns are in its name. */
const COLUMN = 'exists'

/** `bookings/(room=5, day="2")`, and with a number if there are several of these. */
function rowName(table: string, values: RowValues, counts: Map<string, number>): string {
  const shown = Object.entries(values).map(([column, value]) => `${column}=${JSON.stringify(value)}`)
  const name = `${table}/(${shown.join(', ').replaceAll('/', ' ')})`
  const count = (counts.get(name) ?? 0) + 1
  counts.set(name, count)
  return count === 1 ? name : `${name} ${count}`
}

/** With further micro-operations at the end of their statements, and a lock on each row that is inserted. */
function withAdded(object: Members, added: readonly Added[]): Members {
  const { asked: _, changed: __, ...rest } = object
  if (added.length === 0) return rest
  const micro = listIn(rest['value'])
  const statements = statementsOf(object)
  let place = 0
  const value = statements.flatMap((statement, at) => {
    const own = micro.slice(place, place + Number(statement[1]))
    place += own.length
    return [...own, ...added.flatMap((each) => (each.statement === at ? [each.micro] : []))]
  })
  const counted = statements.map(([sql, count, ...times], at) => [
    ...[sql, Number(count) + added.filter((each) => each.statement === at).length],
    ...times,
  ])
  const locks = added.flatMap(({ lock }) => (lock === undefined ? [] : [lock]))
  return { ...rest, value, statements: counted, locks: [...listIn(rest['locks']), ...locks] }
}

function askedIn(object: Members | undefined, at: number): readonly Asked[] {
  return listIn(object?.['asked']).flatMap((each): Asked[] => {
    const [statement, table, sensitive] = listIn(each) as unknown as readonly [number, string, Sensitive]
    const answeredAt = answeredIn(object, statement)
    return answeredAt === undefined ? [] : [{ ...sensitive, at, statement, table, answeredAt }]
  })
}

function changedIn(object: Members | undefined, at: number): readonly Changed[] {
  return listIn(object?.['changed']).flatMap((each): Changed[] => {
    const [statement, table, before, after, endedAt] = listIn(each) as unknown as readonly [
      ...[statement: number, table: string],
      ...[before: RowValues | null, after: RowValues | null, endedAt: number],
    ]
    const answeredAt = answeredIn(object, statement)
    return answeredAt === undefined ? [] : [{ at, statement, table, before, after, answeredAt, endedAt }]
  })
}

const statementsOf = (object: Members | undefined): readonly (readonly Json[])[] =>
  listIn(object?.['statements']).map(listIn)

function answeredIn(object: Members | undefined, statement: number): number | undefined {
  const answeredAt = statementsOf(object)[statement]?.[3]
  return typeof answeredAt === 'number' ? answeredAt : undefined
}

const listIn = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])
