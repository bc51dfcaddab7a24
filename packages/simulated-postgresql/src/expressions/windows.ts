import { functionsNamed } from '../functions/catalogue.ts'
import { errorAt, NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import { asBigint, asNumber } from '../types/definitions.ts'
import { OID } from '../types/oids.ts'
import type { Rows, SqlType, SqlValue } from '../types/value.ts'
import { compileAggregate, narrowed, passed } from './aggregates.ts'
import { functionName, type ResolvedCall, resolveCall } from './calls.ts'
import { coerce, decideText, typeNamed } from './coerce.ts'
import { sortOrder } from './comparison.ts'
import { compilerOf } from './compile.ts'
import { type Compiler, locationOf } from './compiler.ts'
import type { Env, Scope } from './env.ts'
import { compareKeys, compileSortKey, type SortKey } from './sorting.ts'
import { offsetBound, type Partition } from './window-range.ts'

export interface WindowCall {
  readonly type: SqlType
  evaluate(rows: readonly Env[]): readonly SqlValue[]
}

type Definition = Fields<'WindowDef'>

interface Frame {
  readonly start: number
  readonly end: number
}

type FrameOf = (partition: Partition, row: number) => Frame

/** The bits of WindowDef.frameOptions: `FRAMEOPTION_…` of parsenodes.h. */
const FRAME = {
  range: 0x2,
  rows: 0x4,
  groups: 0x8,
  startUnboundedPreceding: 0x20,
  endUnboundedFollowing: 0x100,
  startCurrentRow: 0x200,
  endCurrentRow: 0x400,
  startPreceding: 0x800,
  endPreceding: 0x1000,
  excluded: 0x8000 | 0x10000 | 0x20000,
} as const

interface Window {
  readonly partition: readonly Pick<SortKey, 'compare' | 'value'>[]
  readonly order: readonly SortKey[]
  readonly frame: FrameOf
}

/** Compiles a call with OVER. `named` are the windows of the WINDOW clause. */
export function compileWindow(call: Fields<'FuncCall'>, named: readonly Node[], scope: Scope): WindowCall {
  const inner = narrowed(scope, {
    ...passed(scope),
    window: (node) => {
      throw errorAt(node.location, '42P20', 'window function calls cannot be nested')
    },
  })
  const compiler = compilerOf(inner)
  if (call.over === undefined) throw new NotSupported('OVER')
  const window = compileDefinition(merged(call.over, named), compiler)
  const name = functionName(call, inner)
  const kinds = functionsNamed(name).map((signature) => signature.kind)
  if (kinds.length > 0 && !kinds.includes('a') && !kinds.includes('w')) {
    throw errorAt(
      call.location,
      '42809',
      `OVER specified, but ${name} is not a window function nor an aggregate function`,
    )
  }
  if (call.agg_distinct === true) {
    throw errorAt(call.location, '0A000', 'DISTINCT is not implemented for window functions')
  }
  const value =
    kinds.includes('w') && call.agg_within_group !== true ? own(call, name, compiler) : aggregated(call, inner)
  return { type: value.type, evaluate: (rows) => overPartitions(rows, window, value) }
}

/** Completes a window definition from the window that it names. */
function merged(definition: Definition, named: readonly Node[]): Definition {
  const find = (name: string): Definition => {
    for (const node of named) {
      const window = expectKind(node, 'WindowDef')
      if (window.name === name) return merged(window, named)
    }
    throw errorAt(definition.location, '42704', `window "${name}" does not exist`)
  }
  const inNamed = named.some((node) => 'WindowDef' in node && node.WindowDef === definition)
  if (definition.name !== undefined && !inNamed) return find(definition.name)
  if (definition.refname === undefined) return definition
  const base = find(definition.refname)
  if (definition.partitionClause !== undefined) {
    throw errorAt(definition.location, '42P20', `cannot override PARTITION BY clause of window "${definition.refname}"`)
  }
  if (definition.orderClause !== undefined && base.orderClause !== undefined) {
    throw errorAt(definition.location, '42P20', `cannot override ORDER BY clause of window "${definition.refname}"`)
  }
  const { refname: _, ...rest } = definition
  return {
    ...rest,
    ...(base.partitionClause === undefined ? {} : { partitionClause: base.partitionClause }),
    ...(base.orderClause === undefined ? {} : { orderClause: base.orderClause }),
  }
}

function compileDefinition(definition: Definition, compiler: Compiler): Window {
  const { scope } = compiler
  const { partitionClause, orderClause, ...rest } = definition
  refuseRest('WindowDef', rest, ['name', 'frameOptions', 'startOffset', 'endOffset'])
  const partition = (partitionClause ?? []).map((node) => {
    const value = decideText(compiler.compile(node), scope)
    return { value, compare: sortOrder(scope.context.types, value.type.oid) }
  })
  const order = (orderClause ?? []).map((node) => compileSortKey(node, scope, (key) => compiler.compile(key)))
  return { partition, order, frame: compileFrame(definition, order, compiler) }
}

function compileFrame(definition: Definition, order: readonly SortKey[], compiler: Compiler): FrameOf {
  const options = definition.frameOptions ?? 0
  const has = (bit: number) => (options & bit) !== 0
  if (has(FRAME.excluded)) throw new NotSupported('EXCLUDE in a window frame')
  if (has(FRAME.groups)) {
    if (order.length === 0) throw new SqlError('42P20', 'GROUPS mode requires an ORDER BY clause')
    throw new NotSupported('GROUPS in a window frame')
  }
  const rows = has(FRAME.rows)
  const startBound = bound(definition.startOffset, rows, has(FRAME.startPreceding), order, compiler, 'start')
  const endBound = bound(definition.endOffset, rows, has(FRAME.endPreceding), order, compiler, 'end')
  return (partition, row) => {
    const last = partition.rows.length
    const current = {
      start: rows ? row : (partition.peerStart[row] ?? row),
      end: rows ? row + 1 : (partition.peerEnd[row] ?? row + 1),
    }
    const start = has(FRAME.startUnboundedPreceding)
      ? 0
      : has(FRAME.startCurrentRow)
        ? current.start
        : startBound(partition, row)
    const end = has(FRAME.endUnboundedFollowing)
      ? last
      : has(FRAME.endCurrentRow)
        ? current.end
        : endBound(partition, row)
    return { start: Math.min(Math.max(start, 0), last), end: Math.min(Math.max(end, 0), last) }
  }
}

type Bound = (partition: Partition, row: number) => number

function bound(
  node: Node | undefined,
  rows: boolean,
  preceding: boolean,
  order: readonly SortKey[],
  compiler: Compiler,
  side: 'start' | 'end',
): Bound {
  if (node === undefined) return () => 0
  const { scope } = compiler
  if (!rows) return offsetBound(node, preceding, order, compiler, side)
  const offset = coerce(compiler.compile(node), typeNamed(scope, OID.int8), 'a', scope, locationOf(node))
  return (partition, row) => {
    const env = partition.rows[row]
    const value = env === undefined ? null : offset.evaluate(env)
    if (value === null)
      throw new SqlError('22004', `frame ${side === 'start' ? 'starting' : 'ending'} offset must not be null`)
    if (asBigint(value) < 0n) {
      throw new SqlError('22013', `frame ${side === 'start' ? 'starting' : 'ending'} offset must not be negative`)
    }
    const distance = Number(asBigint(value)) * (preceding ? -1 : 1)
    return row + distance + (side === 'end' ? 1 : 0)
  }
}

interface WindowValue {
  readonly type: SqlType
  evaluate(partition: Partition, frame: FrameOf): readonly SqlValue[]
}

function overPartitions(rows: readonly Env[], window: Window, value: WindowValue): readonly SqlValue[] {
  const results: SqlValue[] = rows.map(() => null)
  const sorted = rows
    .map((env, place) => ({
      env,
      place,
      partition: window.partition.map((key) => key.value.evaluate(env)),
      order: window.order.map((key) => key.value.evaluate(env)),
    }))
    .sort(
      (a, b) =>
        compareKeys(window.partition, a.partition, b.partition, a.env) ||
        compareKeys(window.order, a.order, b.order, a.env),
    )
  for (let from = 0; from < sorted.length; ) {
    const first = sorted[from]
    if (first === undefined) break
    let to = from + 1
    while (
      to < sorted.length &&
      compareKeys(window.partition, first.partition, sorted[to]?.partition ?? [], first.env) === 0
    )
      to += 1
    const members = sorted.slice(from, to)
    const partition = partitionOf(
      members.map(({ env }) => env),
      members.map(({ order }) => order),
      window.order,
    )
    const values = value.evaluate(partition, window.frame)
    members.forEach((member, i) => {
      results[member.place] = values[i] ?? null
    })
    from = to
  }
  return results
}

function partitionOf(rows: readonly Env[], keys: Rows, order: readonly SortKey[]): Partition {
  const peerStart: number[] = []
  const peerEnd: number[] = []
  for (let from = 0; from < rows.length; ) {
    const env = rows[from]
    if (env === undefined) break
    let to = from + 1
    while (to < rows.length && compareKeys(order, keys[from] ?? [], keys[to] ?? [], env) === 0) to += 1
    for (let i = from; i < to; i += 1) {
      peerStart.push(from)
      peerEnd.push(to)
    }
    from = to
  }
  return { rows, peerStart, peerEnd, keys }
}

function aggregated(call: Fields<'FuncCall'>, scope: Scope): WindowValue {
  if (call.agg_order !== undefined) {
    throw errorAt(call.location, '0A000', 'aggregate ORDER BY is not implemented for window functions')
  }
  const aggregate = compileAggregate(call, scope, 'window')
  return {
    type: aggregate.type,
    evaluate: (partition, frame) => {
      let running:
        | { readonly start: number; end: number; readonly state: ReturnType<typeof aggregate.create> }
        | undefined
      return partition.rows.map((env, row) => {
        const { start, end } = frame(partition, row)
        // If a frame only grew at its end, the state of the aggregate is reused.
        if (running === undefined || running.start !== start || running.end > end) {
          running = { start, end: start, state: aggregate.create(env) }
        }
        for (; running.end < end; running.end += 1) {
          const next = partition.rows[running.end]
          if (next !== undefined) running.state.add(next)
        }
        return running.state.result(env)
      })
    },
  }
}

function own(call: Fields<'FuncCall'>, name: string, compiler: Compiler): WindowValue {
  if (call.agg_filter !== undefined) {
    throw errorAt(call.location, '0A000', 'FILTER is not implemented for non-aggregate window functions')
  }
  refuseRest('FuncCall', call, ['funcname', 'args', 'over', 'funcformat'])
  const resolved = resolveCall(call, compiler)
  if (resolved === undefined) throw new NotSupported(`the window function ${name}`)
  const evaluate = OWN[resolved.signature.source]
  if (evaluate === undefined) throw new NotSupported(`the window function ${name}`)
  return { type: resolved.types.result, evaluate: (partition, frame) => evaluate(partition, frame, resolved) }
}

type OwnFunction = (partition: Partition, frame: FrameOf, call: ResolvedCall) => readonly SqlValue[]

function argument(call: ResolvedCall, i: number, env: Env | undefined): SqlValue {
  return env === undefined ? null : (call.arguments[i]?.evaluate(env) ?? null)
}

function neighbour(direction: number): OwnFunction {
  return ({ rows }, _frame, call) =>
    rows.map((env, row) => {
      const given = call.arguments.length > 1 ? argument(call, 1, env) : 1
      if (given === null) return null
      const target = rows[row + asNumber(given) * direction]
      return target === undefined
        ? call.arguments.length > 2
          ? argument(call, 2, env)
          : null
        : argument(call, 0, target)
    })
}

function rank(partition: Partition, row: number): number {
  return (partition.peerStart[row] ?? row) + 1
}

function buckets(count: number, rows: number): readonly number[] {
  const size = Math.floor(rows / count)
  const larger = rows % count
  return Array.from(
    { length: rows },
    (_, row) => Math.max(Math.floor(row / (size + 1)), Math.floor((row - larger) / size)) + 1,
  )
}

/**
 * Returns a window function whose value comes from one row of the frame. `numberOf` returns the number of this row,
 * counted from 1, or 0 for the last row. The value is null if the frame has no such row.
 */
function inFrame(numberOf: (call: ResolvedCall, env: Env) => number | undefined): OwnFunction {
  return (partition, frame, call) =>
    partition.rows.map((env, row) => {
      const number = numberOf(call, env)
      if (number === undefined) return null
      const { start, end } = frame(partition, row)
      const at = number === 0 ? end - 1 : start + number - 1
      return start <= at && at < end ? argument(call, 0, partition.rows[at]) : null
    })
}

const OWN: Readonly<Record<string, OwnFunction>> = {
  window_row_number: ({ rows }) => rows.map((_, row) => BigInt(row + 1)),
  window_rank: (partition) => partition.rows.map((_, row) => BigInt(rank(partition, row))),
  window_dense_rank: (partition) => {
    let dense = 0n
    return partition.rows.map((_, row) => {
      if (partition.peerStart[row] === row) dense += 1n
      return dense
    })
  },
  window_percent_rank: (partition) =>
    partition.rows.map((_, row) =>
      partition.rows.length <= 1 ? 0 : (rank(partition, row) - 1) / (partition.rows.length - 1),
    ),
  window_cume_dist: (partition) =>
    partition.rows.map((_, row) => (partition.peerEnd[row] ?? 0) / partition.rows.length),
  window_ntile: ({ rows }, _frame, call) => {
    const count = argument(call, 0, rows[0])
    if (count === null) return rows.map(() => null)
    if (asNumber(count) <= 0) throw new SqlError('22014', 'argument of ntile must be greater than zero')
    return buckets(asNumber(count), rows.length)
  },
  window_lag: neighbour(-1),
  window_lag_with_offset: neighbour(-1),
  window_lag_with_offset_and_default: neighbour(-1),
  window_lead: neighbour(1),
  window_lead_with_offset: neighbour(1),
  window_lead_with_offset_and_default: neighbour(1),
  window_first_value: inFrame(() => 1),
  window_last_value: inFrame(() => 0),
  window_nth_value: inFrame((call, env) => {
    const n = argument(call, 1, env)
    if (n === null) return undefined
    if (asNumber(n) <= 0) throw new SqlError('22016', 'argument of nth_value must be greater than zero')
    return asNumber(n)
  }),
}
