import type { Accumulator } from '../functions/accumulator.ts'
import { aggregateNamed } from '../functions/aggregates.ts'
import { calculatedAggregate, isCalculable } from '../functions/calculator.ts'
import { errorAt, NotSupported } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import { treeText } from '../sql/trees.ts'
import { REMEDY } from '../types/calculator.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import { functionName, type ResolvedCall, resolveCall } from './calls.ts'
import { coerceBoolean } from './coerce.ts'
import { sortOrder } from './comparison.ts'
import { compilerOf } from './compile.ts'
import { locationOf } from './compiler.ts'
import type { Compiled, Env, Scope } from './env.ts'
import { compareKeys, compileSortKey, type SortKey } from './sorting.ts'

export interface AggregateCall {
  readonly type: SqlType
  /** Creates the state for one group. `add` takes each row. For a window, `result` is called after each row. */
  create(env: Env): Accumulation
}

export interface Accumulation {
  add(env: Env): void
  result(env: Env): SqlValue
}

/** Returns a scope with the same names, in which `overrides` handles aggregate, window and set-returning calls. */
export function narrowed(
  scope: Scope,
  overrides: Pick<Scope, 'aggregate' | 'window' | 'setReturning' | 'place'>,
): Scope {
  return {
    context: scope.context,
    column: scope.column.bind(scope),
    parameter: scope.parameter.bind(scope),
    subquery: scope.subquery?.bind(scope),
    routines: scope.routines?.bind(scope),
    replaced: scope.replaced?.bind(scope),
    ...overrides,
  }
}

function refused(code: string, message: string): (call: Fields<'FuncCall'>) => never {
  return (call) => {
    throw errorAt(call.location, code, message)
  }
}

export function compileAggregate(
  call: Fields<'FuncCall'>,
  scope: Scope,
  use: 'group' | 'window' = 'group',
): AggregateCall {
  const name = functionName(call, scope)
  const inner = narrowed(scope, {
    // The arguments of an aggregate over a window are evaluated on groups, so they may contain other aggregates.
    ...(use === 'group'
      ? {
          aggregate: refused('42803', 'aggregate function calls cannot be nested'),
          window: refused('42803', 'aggregate function calls cannot contain window function calls'),
        }
      : passed(scope)),
    setReturning: refused('0A000', 'aggregate function calls cannot contain set-returning function calls'),
  })
  const compiler = compilerOf(inner)
  const { agg_order, agg_filter, agg_distinct, ...rest } = call
  refuseRest('FuncCall', rest, ['funcname', 'args', 'agg_star', 'over', 'funcformat'])
  const resolved = resolveCall(call, compiler)
  if (resolved === undefined) throw new NotSupported(`the aggregate ${name}`)
  if (resolved.signature.kind !== 'a') throw new NotSupported(`${name} as an aggregate`)
  const filter =
    agg_filter === undefined
      ? undefined
      : coerceBoolean(compiler.compile(agg_filter), 'FILTER', inner, locationOf(agg_filter))
  const keys = (agg_order ?? []).map((key) => compileSortKey(key, inner, (node) => compiler.compile(node)))
  const own = aggregateNamed(name)
  const canBe = isCalculable(resolved.signature, resolved.types)
  const { calculator } = scope.context
  const refusal = (): NotSupported =>
    new NotSupported(`the aggregate ${name}(${resolved.types.arguments[0]?.name})${canBe ? REMEDY : ''}`)
  if (own === undefined && (!canBe || calculator === undefined)) throw refusal()
  const create = (env: Env): Accumulator => {
    const accumulator = own?.(resolved.types, env)
    if (accumulator !== undefined) return accumulator
    if (!canBe || calculator === undefined) throw refusal()
    return calculatedAggregate(calculator, name, resolved.types, env)
  }
  const plain: AggregateCall = {
    type: resolved.types.result,
    create: (env) => plainly(create(env), resolved.arguments),
  }
  const sorted = keys.length > 0 || agg_distinct === true
  const collected = sorted ? sortedCall(plain.type, resolved, keys, agg_distinct === true, call, inner, create) : plain
  return filter === undefined
    ? collected
    : { type: plain.type, create: (env) => filtered(collected.create(env), filter) }
}

/** Returns the aggregates and window functions of a scope. */
export const passed = (scope: Scope): Pick<Scope, 'aggregate' | 'window'> => ({
  aggregate: scope.aggregate?.bind(scope),
  window: scope.window?.bind(scope),
})

function plainly(accumulator: Accumulator, all: readonly Compiled[]): Accumulation {
  return {
    add: (env) =>
      accumulator.add(
        all.map((argument) => argument.evaluate(env)),
        env,
      ),
    result: (env) => accumulator.result(env),
  }
}

function filtered(inner: Accumulation, filter: Compiled): Accumulation {
  return {
    add: (env) => {
      if (filter.evaluate(env) === true) inner.add(env)
    },
    result: (env) => inner.result(env),
  }
}

/** Compiles an aggregate that sorts its rows and, for DISTINCT, passes each distinct row once. */
function sortedCall(
  type: SqlType,
  resolved: ResolvedCall,
  keys: readonly SortKey[],
  distinct: boolean,
  call: Fields<'FuncCall'>,
  scope: Scope,
  create: (env: Env) => Accumulator,
): AggregateCall {
  const { arguments: all } = resolved
  const own = distinct ? all.map((argument) => ({ compare: sortOrder(scope.context.types, argument.type.oid) })) : []
  if (distinct && keys.length > 0) checkDistinctOrder(call)
  return {
    type,
    create: () => {
      const rows: { readonly keys: readonly SqlValue[]; readonly values: readonly SqlValue[] }[] = []
      return {
        add: (env) => {
          rows.push({
            keys: keys.map((key) => key.value.evaluate(env)),
            values: all.map((argument) => argument.evaluate(env)),
          })
        },
        result: (env) => {
          const sorted = rows.toSorted(
            (a, b) => compareKeys(keys, a.keys, b.keys, env) || compareKeys(own, a.values, b.values, env),
          )
          const accumulator = create(env)
          sorted.forEach((row, i) => {
            const before = sorted[i - 1]
            const repeated = distinct && before !== undefined && compareKeys(own, before.values, row.values, env) === 0
            if (!repeated) accumulator.add(row.values, env)
          })
          return accumulator.result(env)
        },
      }
    },
  }
}

function checkDistinctOrder(call: Fields<'FuncCall'>): void {
  const given = new Set((call.args ?? []).map((node) => treeText(node)))
  for (const key of call.agg_order ?? []) {
    if ('SortBy' in key && !given.has(treeText(key.SortBy.node))) {
      throw errorAt(
        locationOf(key.SortBy.node),
        '42P10',
        'in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list',
      )
    }
  }
}
