import { NotSupported, SqlError } from '../sql/error.ts'
import type { Node } from '../sql/nodes.ts'
import { MOMENTS, NUMBERS, OID } from '../types/oids.ts'
import type { Rows, SqlValue } from '../types/value.ts'
import { coerce, typeNamed } from './coerce.ts'
import { type Compiler, locationOf } from './compiler.ts'
import type { Compiled, Env } from './env.ts'
import { binary } from './operators.ts'
import type { SortKey } from './sorting.ts'

/** The rows of one partition in the window's order, with their peer groups. */
export interface Partition {
  readonly rows: readonly Env[]
  /** For each row, the index of its first peer. `peerEnd` is the index after its last peer. */
  readonly peerStart: readonly number[]
  readonly peerEnd: readonly number[]
  readonly keys: Rows
}

/**
 * Compiles the bound `n PRECEDING` or `n FOLLOWING` of RANGE. The frame has the rows whose key differs by at most n.
 */
export function offsetBound(
  node: Node,
  preceding: boolean,
  order: readonly SortKey[],
  compiler: Compiler,
  side: 'start' | 'end',
): (partition: Partition, row: number) => number {
  const { scope } = compiler
  const [key] = order
  if (key === undefined || order.length > 1) {
    throw new SqlError('42P20', 'RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column')
  }
  const { type } = key.value
  if (!NUMBERS.has(type.oid) && !MOMENTS.has(type.oid)) throw new NotSupported(`RANGE with an offset over ${type.name}`)
  const wanted = MOMENTS.has(type.oid) ? typeNamed(scope, OID.interval) : type
  const offset = coerce(compiler.compile(node), wanted, 'i', scope, locationOf(node))
  let current: SqlValue = null
  let distance: SqlValue = null
  const from: Compiled = { type, evaluate: () => current }
  const by: Compiled = { type: wanted, evaluate: () => distance }
  // In a descending order, PRECEDING adds the offset and FOLLOWING subtracts it.
  const ascending = key.ascending
  const limit = binary(scope, preceding === ascending ? '-' : '+', from, by)
  const target = coerce(limit, type, 'a', scope)
  return (partition, row) => {
    const env = partition.rows[row]
    if (env === undefined) return 0
    current = partition.keys[row]?.[0] ?? null
    if (current === null) return (side === 'start' ? partition.peerStart[row] : partition.peerEnd[row]) ?? row
    distance = offset.evaluate(env)
    if (distance === null)
      throw new SqlError('22004', `frame ${side === 'start' ? 'starting' : 'ending'} offset must not be null`)
    checkSign(by, env)
    const edge = target.evaluate(env)
    let at = 0
    // A frame starts at the first row that is not before the edge. A frame ends before the first row that is after the
    // edge.
    while (at < partition.rows.length) {
      const comparison = key.compare(partition.keys[at]?.[0] ?? null, edge, env)
      if (side === 'start' ? comparison >= 0 : comparison > 0) break
      at += 1
    }
    return at
  }
}

function checkSign(offset: Compiled, env: Env): void {
  const value = offset.evaluate(env)
  const text = env.session.types.typeOf(offset.type.oid).output(value, env.session)
  if (text.startsWith('-')) throw new SqlError('22013', 'invalid preceding or following size in window function')
}
