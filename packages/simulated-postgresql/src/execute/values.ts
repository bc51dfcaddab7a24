import { coerce, commonType } from '../expressions/coerce.ts'
import { compileExpression } from '../expressions/compile.ts'
import type { Compiled } from '../expressions/env.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { expectKind, type Node } from '../sql/nodes.ts'
import type { QueryPlan, ResultColumn } from './model.ts'
import { evaluating } from './run.ts'
import { envOf, type QueryScope } from './scope.ts'

export function compileValues(
  lists: readonly Node[] | undefined,
  scope: QueryScope,
  assigned?: (node: Node, column: number) => Compiled,
): QueryPlan {
  const rows = (lists ?? []).map((list) =>
    (expectKind(list, 'List').items ?? []).map((item, column) => {
      if (assigned !== undefined) return assigned(item, column)
      if ('SetToDefault' in item) throw new SqlError('42601', 'DEFAULT is not allowed in this context')
      return compileExpression(item, scope)
    }),
  )
  const width = rows[0]?.length ?? 0
  if (rows.some((row) => row.length !== width)) throw new SqlError('42601', 'VALUES lists must all be the same length')
  const converted = assigned === undefined ? withCommonTypes(rows, width, scope) : rows
  const columns: ResultColumn[] = Array.from({ length: width }, (_, column) => {
    const type = converted[0]?.[column]?.type
    if (type === undefined) throw new NotSupported('VALUES without columns')
    return { name: `column${column + 1}`, type, tableOid: 0, attribute: 0 }
  })
  return {
    columns,
    *rows(run, outer) {
      const env = envOf({ values: [] }, outer, run)
      const found = []
      for (const row of converted) found.push(yield* evaluating(() => row.map((compiled) => compiled.evaluate(env))))
      return found
    },
  }
}

function withCommonTypes(
  rows: readonly (readonly Compiled[])[],
  width: number,
  scope: QueryScope,
): readonly (readonly Compiled[])[] {
  const types = Array.from({ length: width }, (_, column) =>
    commonType(
      rows.flatMap((row) => row[column] ?? []),
      'VALUES',
      scope,
    ),
  )
  return rows.map((row) =>
    row.map((compiled, column) => {
      const type = types[column]
      return type === undefined ? compiled : coerce(compiled, type, 'i', scope)
    }),
  )
}
