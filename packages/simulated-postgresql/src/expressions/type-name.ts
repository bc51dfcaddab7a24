import { NotSupported, position, SqlError } from '../sql/error.ts'
import { expectKind, type Fields, type Node, namesOf, refuseRest } from '../sql/nodes.ts'
import { undefinedType } from '../sql/undefined.ts'
import { OID } from '../types/oids.ts'
import type { TextContext, TypeDefinition, Types } from '../types/registry.ts'
import { typeNumbered } from '../types/types.ts'
import type { SqlType } from '../types/value.ts'

export function resolveTypeName(
  typeName: Fields<'TypeName'> | undefined,
  context: Pick<TextContext, 'types' | 'searchPath' | 'rowType'>,
): SqlType {
  if (typeName === undefined) throw new NotSupported('a missing type')
  const { names, typmods, arrayBounds, ...rest } = typeName
  refuseRest('TypeName', rest)
  const path = namesOf(names)
  const name = path[path.length - 1] ?? ''
  const { types } = context
  const type = types.named(name)
  if (type === undefined || !isMeant(type, path.at(-2), context.searchPath)) {
    if (context.rowType?.(path) !== undefined) throw new NotSupported(`the row type of the table ${path.join('.')}`)
    throw undefinedType([path.at(-2), name], position(typeName.location))
  }
  const modified = typeNumbered(types, type.oid, modifier(type, integers(typmods)))
  return arrayBounds === undefined ? modified : arrayOf(types, modified)
}

/** Whether a name refers to the type, in the schema `named` or in a searched schema. */
function isMeant({ schema = 'pg_catalog' }: TypeDefinition, named?: string, searchPath?: readonly string[]): boolean {
  if (named !== undefined) return named === schema
  return schema === 'pg_catalog' || searchPath === undefined || searchPath.includes(schema)
}

export function arrayOf(types: Types, element: SqlType): SqlType {
  if (element.domain !== undefined)
    throw new NotSupported(`an array of the domain ${types.typeOf(element.domain).name}`)
  const array = types.find(types.typeOf(element.oid).arrayOid)
  if (array === undefined) {
    throw new SqlError('42704', `could not find array type for data type ${element.name}`)
  }
  return { oid: array.oid, name: array.name, typmod: element.typmod }
}

function integers(nodes: readonly Node[] | undefined): readonly number[] {
  return (nodes ?? []).map((node) => {
    const { ival } = expectKind(node, 'A_Const')
    if (ival === undefined) throw new SqlError('42601', 'type modifiers must be simple constants or identifiers')
    return ival.ival ?? 0
  })
}

function modifier(type: TypeDefinition, values: readonly number[]): number {
  const [first, second] = values
  if (first === undefined) return -1
  switch (type.oid) {
    case OID.varchar:
    case OID.bpchar:
      return lengthModifier(type.oid === OID.varchar ? 'varchar' : 'char', first, 10485760) + 4
    case OID.bit:
    case OID.varbit:
      return lengthModifier(type.name, first, 83886080)
    case OID.numeric:
      return numericModifier(first, second ?? 0)
    case OID.timestamp:
    case OID.timestamptz:
    case OID.time:
      if (first < 0) throw new SqlError('22023', `${type.name.toUpperCase()}(${first}) precision must not be negative`)
      return Math.min(first, 6)
    case OID.interval:
      return (first << 16) | (second === undefined ? 0xffff : Math.min(second, 6))
  }
  if (type.oid === OID.timetz) throw new NotSupported(`the type timetz(${values.join(', ')})`)
  throw new SqlError('42601', `type modifier is not allowed for type "${type.name}"`)
}

function lengthModifier(name: string, length: number, most: number): number {
  if (length < 1) throw new SqlError('22023', `length for type ${name} must be at least 1`)
  if (length > most) throw new SqlError('22023', `length for type ${name} cannot exceed ${most}`)
  return length
}

function numericModifier(precision: number, scale: number): number {
  if (precision < 1 || precision > 1000) {
    throw new SqlError('22023', `NUMERIC precision ${precision} must be between 1 and 1000`)
  }
  if (scale < -1000 || scale > 1000) {
    throw new SqlError('22023', `NUMERIC scale ${scale} must be between -1000 and 1000`)
  }
  return ((precision << 16) | (scale & 0x7ff)) + 4
}
