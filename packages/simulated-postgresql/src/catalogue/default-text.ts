import { NotSupported } from '../sql/error.ts'
import { type Node, namesOf } from '../sql/nodes.ts'
import { formatType } from '../types/format-type.ts'
import { NUMBERS, OID } from '../types/oids.ts'
import type { SqlType } from '../types/value.ts'
import type { CatalogueView } from './relation.ts'
import type { Column } from './table.ts'

/** Returns the default of a column as `pg_get_expr` prints it (ruleutils.c). */
export function defaultText({ default: node, type }: Column, view: CatalogueView): string | null {
  if (node === undefined || ('A_Const' in node && node.A_Const.isnull === true)) return null
  const text = printed(node, type, view)
  if (text === undefined) throw new NotSupported('the text of a default other than a value or a call,')
  return text
}

/** Returns the text of an expression, if supported. `type` is the type of a literal. */
function printed(node: Node, type: SqlType | undefined, view: CatalogueView): string | undefined {
  if ('A_Const' in node) return constant(node.A_Const, type, view)
  if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast
    const [name = ''] = namesOf(typeName?.names).toReversed()
    const named = view.types.named(typeName?.arrayBounds === undefined ? name : `_${name}`)
    if (arg === undefined || named === undefined || !('A_Const' in arg) || arg.A_Const.sval === undefined)
      return undefined
    if (named.oid === OID.regclass) return regclass(arg.A_Const.sval.sval ?? '', view)
    return constant(arg.A_Const, { oid: named.oid, name, typmod: -1 }, view)
  }
  if ('SQLValueFunction' in node) {
    const { op = '', typmod = -1 } = node.SQLValueFunction
    const name = op.replace('SVFOP_', '').replace(/_N$/, '')
    return typmod === -1 ? name : `${name}(${typmod})`
  }
  if (!('FuncCall' in node)) return undefined
  const { funcname, args } = node.FuncCall
  const name = namesOf(funcname).at(-1) ?? ''
  const [only] = args ?? []
  if (only === undefined) return `${name}()`
  const isSequence = name === 'nextval' && args?.length === 1
  if (isSequence && 'A_Const' in only) return `nextval(${regclass(only.A_Const.sval?.sval ?? '', view)})`
  return isSequence ? wrapped('nextval', printed(only, undefined, view)) : undefined
}

const wrapped = (name: string, argument: string | undefined): string | undefined =>
  argument === undefined ? undefined : `${name}(${argument})`

const regclass = (name: string, view: CatalogueView): string =>
  `${quoted(view.relationName(view.relation(name)) ?? name)}::regclass`

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

function constant(
  { ival, fval, sval, boolval }: Extract<Node, { A_Const: unknown }>['A_Const'],
  type: SqlType | undefined,
  view: CatalogueView,
): string | undefined {
  if (boolval !== undefined) return type?.oid === OID.bool ? `${boolval.boolval === true}` : undefined
  if (type === undefined) return undefined
  if (ival !== undefined) {
    const number = ival.ival ?? 0
    if (!NUMBERS.has(type.oid)) return undefined
    return number < 0 ? `'${number}'::integer` : `${number}`
  }
  if (fval !== undefined) {
    const { fval: number = '' } = fval
    if (!NUMBERS.has(type.oid)) return undefined
    if (/^\d+\.\d+$/.test(number)) return number
    return /^\d+$/.test(number) && BigInt(number) < 1n << 63n ? `'${number}'::bigint` : undefined
  }
  const text = sval?.sval ?? ''
  const resolved = view.types.typeOf(type.oid)
  switch (resolved.category) {
    // PostgreSQL prints the parsed value of a literal such as `+5` or `1 hour`, so only plain literals are supported.
    case 'N':
      return /^(?:0|[1-9]\d*)$/.test(text) ? text : undefined
    case 'B':
      return /^(?:true|false)$/.test(text) ? text : undefined
    case 'S':
    case 'E':
      break
    case 'Z':
      if (type.oid !== OID.char) return undefined
      break
    default:
      if (!isCanonical(text, type.oid)) return undefined
  }
  return `${quoted(text)}::${type.oid === OID.bpchar ? 'bpchar' : formatType(view.types, type.oid)}`
}

/** Whether a type prints this text unchanged. */
function isCanonical(text: string, oid: number): boolean {
  if (oid === OID.date) return /^\d{4}-\d\d-\d\d$/.test(text)
  return /^(?:\{\}|\[\])$/.test(text)
}
