import type { FunctionSignature } from '../functions/catalogue.ts'
import { setFunction } from '../functions/sets.ts'
import { NotSupported } from '../sql/error.ts'
import { type Fields, fieldsOf, type Node } from '../sql/nodes.ts'
import { OID } from '../types/oids.ts'
import type { RecordColumn, SqlValue } from '../types/value.ts'
import { applied, functionName, resolveCall } from './calls.ts'
import { typeNamed } from './coerce.ts'
import { compileExpression } from './compile.ts'
import type { Compiler } from './compiler.ts'
import type { Env, Scope } from './env.ts'

/** A compiled call that gives rows. */
export interface SetCall {
  readonly columns: readonly RecordColumn[]
  /** The rows have one column of the function's own type, rather than the columns of a row. */
  readonly scalar: boolean
  rows(env: Env): Iterable<readonly SqlValue[]>
}

/** Whether a call is of a function that returns a set, by its name. */
export function returnsSet(signatures: readonly FunctionSignature[]): boolean {
  return signatures.some((signature) => signature.returnsSet)
}

/** A call in FROM, or of a set-returning function in a select list. A plain function gives one row. */
export function compileSet(call: Fields<'FuncCall'>, scope: Scope): SetCall {
  const name = functionName(call, scope)
  if (name === 'unnest' && (call.args ?? []).length > 1) return unnestTogether(call, scope)
  const compiler: Compiler = {
    scope,
    compile: (node: Node | undefined, wanted) => {
      if (node === undefined) throw new NotSupported('a missing expression')
      return compileExpression(node, scope, wanted)
    },
  }
  fieldsOf('FuncCall', call, ['funcname', 'args', 'func_variadic', 'funcformat'])
  const resolved = resolveCall(call, compiler)
  if (resolved === undefined) throw new NotSupported(`${name} in FROM`)
  const { signature, arguments: all, types } = resolved
  if (signature.kind !== 'f') throw new NotSupported(`${name} in FROM`)
  if (!signature.returnsSet) {
    if (types.result.oid === OID.record) throw new NotSupported(`the function ${name} in FROM`)
    const compiled = applied(resolved, name, scope)
    return { columns: [{ name, type: types.result }], scalar: true, rows: (env) => [[compiled.evaluate(env)]] }
  }
  const implementation = setFunction(signature.source)
  if (implementation === undefined) throw new NotSupported(`the function ${name}`)
  if (types.result.oid === OID.record && signature.columns.length === 0) throw new NotSupported(`${name} of rows`)
  const composite = types.result.oid === OID.record
  return {
    columns: composite
      ? signature.columns.map((column) => ({ name: column.name, type: typeNamed(scope, column.oid) }))
      : [{ name: signature.columns[0]?.name ?? name, type: types.result }],
    scalar: !composite,
    rows: (env) => {
      const values = all.map((argument) => argument.evaluate(env))
      if (signature.strict && values.includes(null)) return []
      return implementation(values, env, types)
    },
  }
}

/** Several arrays side by side: the shorter ones end in NULL. */
function unnestTogether(call: Fields<'FuncCall'>, scope: Scope): SetCall {
  const parts = (call.args ?? []).map((argument) => compileSet({ ...call, args: [argument] }, scope))
  return {
    columns: parts.flatMap((part) => part.columns),
    scalar: false,
    rows: (env) => {
      const lists = parts.map((part) => Array.from(part.rows(env)))
      const length = Math.max(...lists.map((list) => list.length))
      return Array.from({ length }, (_, row) => lists.map((list) => list[row]?.[0] ?? null))
    },
  }
}
