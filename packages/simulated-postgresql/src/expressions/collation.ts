import { errorAt, NotSupported } from '../sql/error.ts'
import { type Fields, namesOf, refuseRest } from '../sql/nodes.ts'
import { formatType } from '../types/format-type.ts'
import type { Types } from '../types/registry.ts'
import type { SqlType } from '../types/value.ts'

const SAME_AS_C: readonly string[] = ['C', 'POSIX', 'default', 'ucs_basic', 'C.UTF-8']

/** Checks a COLLATE clause. All texts use the collation C; others are refused. */
export function requireCollation(clause: Fields<'CollateClause'> | undefined, type: SqlType, types: Types): void {
  if (clause === undefined) return
  const { collname, ...rest } = clause
  refuseRest('CollateClause', rest, ['arg'])
  const name = namesOf(collname).at(-1) ?? ''
  if (!SAME_AS_C.includes(name)) throw new NotSupported(`the collation ${name}`)
  const { oid, elementOid } = types.typeOf(type.oid)
  if (types.typeOf(elementOid === 0 ? oid : elementOid).category === 'S') return
  throw errorAt(clause.location, '42804', `collations are not supported by type ${formatType(types, oid)}`)
}
