import { jsonbPath } from '../functions/json-access.ts'
import { errorAt, NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, refuseRest } from '../sql/nodes.ts'
import { isSystemColumn } from '../sql/system-columns.ts'
import { asArray } from '../types/definitions.ts'
import { formatType } from '../types/format-type.ts'
import { OID } from '../types/oids.ts'
import { Jsonb, SqlArray, SqlRecord, type SqlValue } from '../types/value.ts'
import { coerce, elementTypeOf, typeNamed } from './coerce.ts'
import { type Compiler, locationOf } from './compiler.ts'
import type { Compiled, Env } from './env.ts'
import { derived, PURE } from './fold.ts'
import { pathway } from './resolve.ts'

/** `a[1]`, `a[1:2]`, `(row).column`. */
export function compileIndirection(node: Fields<'A_Indirection'>, compiler: Compiler): Compiled {
  const { arg, indirection, ...rest } = node
  refuseRest('A_Indirection', rest)
  let current = compiler.compile(arg)
  const steps = indirection ?? []
  for (let i = 0; i < steps.length; ) {
    const step = steps[i]
    if (step === undefined) break
    if ('String' in step) {
      current = field(current, expectKind(step, 'String').sval ?? '', compiler)
      i += 1
      continue
    }
    const subscripts: Node[] = []
    for (let next = steps[i]; next !== undefined && 'A_Indices' in next; next = steps[i]) {
      subscripts.push(next)
      i += 1
    }
    if (subscripts.length === 0) throw new NotSupported('(row).*')
    current = subscripted(current, subscripts, compiler, locationOf(arg))
  }
  return current
}

function field(row: Compiled, name: string, compiler: Compiler): Compiled {
  const { columns = compiler.scope.context.types.typeOf(row.type.oid).columns } = row
  if (columns === undefined) {
    if (row.type.oid === OID.record) {
      throw new NotSupported(`the column ${name} of a row of unknown type`)
    }
    throw new SqlError(
      '42809',
      `column notation .${name} applied to type ${formatType(compiler.scope.context.types, row.type.oid)}, which is not a composite type`,
    )
  }
  const index = columns.findIndex((column) => column.name === name)
  const column = columns[index]
  if (column === undefined) {
    if (isSystemColumn(name)) throw new NotSupported(`the system column ${name} of a row`)
    throw new SqlError(
      '42703',
      row.type.oid === OID.record
        ? `could not identify column "${name}" in record data type`
        : `column "${name}" not found in data type ${formatType(compiler.scope.context.types, row.type.oid)}`,
    )
  }
  return {
    type: column.type,
    evaluate: (env) => {
      const value = row.evaluate(env)
      return value instanceof SqlRecord ? (value.values[index] ?? null) : null
    },
  }
}

interface Subscript {
  readonly slice: boolean
  readonly lower: Compiled | undefined
  readonly upper: Compiled | undefined
}

function subscripted(array: Compiled, nodes: readonly Node[], compiler: Compiler, location?: number): Compiled {
  const { scope } = compiler
  const json = array.type.oid === OID.jsonb
  const element = elementTypeOf(array.type, scope)
  if (!json && element === undefined) {
    throw errorAt(
      location,
      '42804',
      `cannot subscript type ${formatType(scope.context.types, array.type.oid)} because it does not support subscripting`,
    )
  }
  const subscripts = nodes.map((node) => subscript(node, compiler, json))
  if (json) return jsonSubscript(array, subscripts, compiler)
  if (element === undefined) throw new NotSupported('this subscript')
  if (subscripts.some((each) => each.slice)) {
    return derived(array.type, partsOf(array, subscripts), PURE, (env) => slice(array, subscripts, env))
  }
  return derived(element, partsOf(array, subscripts), PURE, (env) => {
    const value = array.evaluate(env)
    if (value === null) return null
    const at = subscripts.map((each) => each.upper?.evaluate(env) ?? null)
    return elementAt(asArray(value), at)
  })
}

function partsOf(array: Compiled, subscripts: readonly Subscript[]): readonly Compiled[] {
  return [array, ...subscripts.flatMap(({ lower, upper }) => [lower, upper].filter((each) => each !== undefined))]
}

function subscript(node: Node, compiler: Compiler, json: boolean): Subscript {
  const { is_slice, lidx, uidx, ...rest } = expectKind(node, 'A_Indices')
  refuseRest('A_Indices', rest)
  const number = (index: Node | undefined) => {
    if (index === undefined) return undefined
    const compiled = compiler.compile(index)
    if (json) return compiled
    if (compiled.type.oid !== OID.unknown && !isIntegral(compiled, compiler)) {
      throw errorAt(locationOf(index), '42804', 'array subscript must have type integer')
    }
    return coerce(compiled, typeNamed(compiler.scope, OID.int4), 'a', compiler.scope, locationOf(index))
  }
  return { slice: is_slice === true, lower: number(lidx), upper: number(uidx) }
}

function isIntegral(compiled: Compiled, compiler: Compiler): boolean {
  return pathway(compiler.scope.context.types, compiled.type.oid, OID.int4, 'a') !== undefined
}

function elementAt(array: SqlArray, at: readonly SqlValue[]): SqlValue {
  if (at.length !== array.dimensions.length) return null
  let offset = 0
  for (let i = 0; i < at.length; i += 1) {
    const index = at[i]
    if (typeof index !== 'number') return null
    const relative = index - (array.lowerBounds[i] ?? 1)
    const size = array.dimensions[i] ?? 0
    if (relative < 0 || relative >= size) return null
    offset = offset * size + relative
  }
  return array.elements[offset] ?? null
}

function slice(compiled: Compiled, subscripts: readonly Subscript[], env: Env): SqlValue {
  const value = compiled.evaluate(env)
  if (value === null) return null
  const array = asArray(value)
  if (subscripts.length > 1 || array.dimensions.length > 1) throw new NotSupported('a slice of more than one dimension')
  const [only] = subscripts
  const first = array.lowerBounds[0] ?? 1
  const last = first + array.elements.length - 1
  const bound = (side: Compiled | undefined, fallback: number) => (side === undefined ? fallback : side.evaluate(env))
  const lower = bound(only?.lower, first)
  const upper = bound(only?.upper, last)
  if (typeof lower !== 'number' || typeof upper !== 'number') return null
  const from = Math.max(lower, first)
  const to = Math.min(upper, last)
  return new SqlArray(array.elementOid, from > to ? [] : array.elements.slice(from - first, to - first + 1))
}

function jsonSubscript(document: Compiled, subscripts: readonly Subscript[], compiler: Compiler): Compiled {
  const { scope } = compiler
  if (subscripts.some((each) => each.slice)) {
    throw new SqlError('42804', 'jsonb subscript does not support slices')
  }
  const path = subscripts.map(({ upper }) => {
    if (upper === undefined) throw new NotSupported('an empty subscript')
    return coerce(upper, typeNamed(scope, OID.text), 'a', scope)
  })
  return {
    type: document.type,
    evaluate: (env) => {
      const value = document.evaluate(env)
      const keys = path.map((key) => key.evaluate(env))
      if (!(value instanceof Jsonb) || keys.includes(null)) return null
      const found = jsonbPath(value.value, keys.map(String))
      return found === undefined ? null : new Jsonb(found)
    },
  }
}
