import { columnNamed } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { SqlError } from '../sql/error.ts'
import { type Fields, type Node, namesOf, plainType, refuseRest } from '../sql/nodes.ts'
import { undefinedRelation, undefinedType } from '../sql/undefined.ts'
import { assignXid } from '../storage/rows.ts'
import type { Coroutine } from '../storage/wait.ts'

/**
 * Executes COMMENT ON. Stores the comments on relations, columns and types. For other objects, records only that
 * comments exist.
 */
export function* comment(fields: Fields<'CommentStmt'>, context: Context, run: Run): Coroutine<string> {
  const { objtype = 'OBJECT_TABLE', object, comment: text, ...rest } = fields
  refuseRest('CommentStmt', rest)
  const { catalogue } = context
  const { comments } = catalogue
  const key = yield* commented(objtype, object, context, run)
  const before = comments.get(key)
  catalogue.preserved.entry(comments, key, run.transaction)
  assignXid(run)
  if (text === undefined) comments.delete(key)
  else comments.set(key, text)
  catalogue.changed(run.transaction.current, () => {
    if (before === undefined) comments.delete(key)
    else comments.set(key, before)
  })
  return 'COMMENT'
}

function* commented(objtype: string, object: Node | undefined, context: Context, run: Run): Coroutine<string> {
  switch (objtype) {
    case 'OBJECT_TABLE':
    case 'OBJECT_VIEW':
    case 'OBJECT_MATVIEW':
    case 'OBJECT_SEQUENCE':
    case 'OBJECT_INDEX':
    case 'OBJECT_COLUMN': {
      const names = object !== undefined && 'List' in object ? namesOf(object.List.items) : []
      const column = objtype === 'OBJECT_COLUMN' ? names.at(-1) : undefined
      const [name = '', schema] = names.toReversed().slice(column === undefined ? 0 : 1)
      const path = context.pathOf(schema)
      const { catalogue, own } = context
      const relation = yield* run.lockNamed(
        () => catalogue.relation(path, name, own) ?? catalogue.index(path, name, own)?.index,
        'ShareUpdateExclusiveLock',
      )
      if (relation === undefined) throw undefinedRelation([schema, name])
      const { oid } = relation
      if (!('foreignKeys' in relation)) {
        if (column === undefined) return `pg_class ${oid} 0`
        throw new SqlError(
          '42809',
          `"${name}" is not a table, view, materialized view, composite type, or foreign table`,
        )
      }
      return `pg_class ${oid} ${column === undefined ? 0 : columnNamed(relation, column).attribute}`
    }
    case 'OBJECT_TYPE':
    case 'OBJECT_DOMAIN': {
      const names = object !== undefined && 'TypeName' in object ? plainType(object.TypeName) : []
      const [name = '', schema] = names.toReversed()
      const type = context.types.named(name)
      if (type === undefined) throw undefinedType([schema, name])
      return `pg_type ${type.oid} 0`
    }
    default:
      return `${objtype} ${JSON.stringify(object)}`
  }
}
