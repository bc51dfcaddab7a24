import { isObject, type Json } from '@chaosproxy/history'
import { type AskedCondition, isTrueOf } from './asked-condition.ts'

// A row that a transaction inserts is a phantom for another that had asked for such rows before. Nothing shows it there, so
// a cell of its own stands for it: null to who asked, and written by who inserted it.

interface Members {
  readonly [member: string]: unknown
}

interface Inserted {
  /** The place of the transaction among the objects, and of its statement. */
  readonly at: number
  readonly statement: number
  readonly table: string
  readonly values: { readonly [column: string]: Json }
  /** When the statement was answered, and when the commit was requested. */
  readonly answeredAt: number
  readonly endedAt: number
}

interface Asked extends Omit<AskedCondition, 'isLimited' | 'tells'> {
  readonly at: number
  readonly statement: number
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
 * The objects of a recorded history with a cell for each inserted row that another transaction asked for before the commit
 * was requested, and so without seeing it. Undefined if there is none.
 */
export function withPhantoms(objects: readonly unknown[]): readonly unknown[] | undefined {
  const committed = objects.map((object) => (isObject(object) && object['type'] === 'ok' ? object : undefined))
  const asked = committed.flatMap(askedIn)
  if (asked.length === 0) return undefined
  const added = new Map<number, Added[]>()
  const add = (at: number, one: Added): void => void added.set(at, [...(added.get(at) ?? []), one])
  const counts = new Map<string, number>()
  for (const row of committed.flatMap(insertedIn)) {
    const missed = asked.filter((each) => {
      return (
        each.at !== row.at && each.table === row.table && each.answeredAt < row.endedAt && isTrueOf(each, row.values)
      )
    })
    if (missed.length === 0) continue
    const { at, statement, answeredAt, endedAt } = row
    const name = rowName(row, counts)
    const cell = `${name}/${COLUMN}`
    add(at, { statement, micro: ['w', cell, true], lock: [name, answeredAt, endedAt] })
    for (const each of missed) add(each.at, { statement: each.statement, micro: ['r', cell, null] })
  }
  if (added.size === 0) return undefined
  return objects.map((object, at) => (isObject(object) ? withAdded(object, added.get(at) ?? []) : object))
}

/** Of a phantom, whose columns are in its name. */
const COLUMN = 'exists'

/** `bookings/(room=5, day="2")`, and with a number if there are several of these. */
function rowName({ table, values }: Inserted, counts: Map<string, number>): string {
  const shown = Object.entries(values).map(([column, value]) => `${column}=${JSON.stringify(value)}`)
  const name = `${table}/(${shown.join(', ').replaceAll('/', ' ')})`
  const count = (counts.get(name) ?? 0) + 1
  counts.set(name, count)
  return count === 1 ? name : `${name} ${count}`
}

/** With further micro-operations at the end of their statements, and a lock on each row that is inserted. */
function withAdded(object: Members, added: readonly Added[]): Members {
  const { asked: _, inserted: __, ...rest } = object
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
    const [statement, table, comparisons] = listIn(each) as readonly [number, string, Asked['comparisons']]
    const answeredAt = answeredIn(object, statement)
    return answeredAt === undefined ? [] : [{ at, statement, table, comparisons, answeredAt }]
  })
}

function insertedIn(object: Members | undefined, at: number): readonly Inserted[] {
  return listIn(object?.['inserted']).flatMap((each): Inserted[] => {
    const [statement, table, values, endedAt] = listIn(each) as readonly [number, string, Inserted['values'], number]
    const answeredAt = answeredIn(object, statement)
    return answeredAt === undefined ? [] : [{ at, statement, table, values, answeredAt, endedAt }]
  })
}

const statementsOf = (object: Members | undefined): readonly (readonly Json[])[] =>
  listIn(object?.['statements']).map(listIn)

function answeredIn(object: Members | undefined, statement: number): number | undefined {
  const answeredAt = statementsOf(object)[statement]?.[3]
  return typeof answeredAt === 'number' ? answeredAt : undefined
}

const listIn = (value: unknown): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])
