import { NotSupported, SqlError } from '../sql/error.ts'
import { linesOf } from '../sql/lines.ts'
import { FIRST_OF_USERS, undefinedTypeNumber } from '../sql/undefined.ts'
import { compareArrays } from './array.ts'
import { TYPES } from './built-in.ts'
import { arrayBehaviour, asArray, asString, BEHAVIOURS, enumBehaviour, refusedBehaviour } from './definitions.ts'
import { OID } from './oids.ts'
import { asRange, compareRanges, rangeBehaviours, subtypeOf } from './range.ts'
import { compositeBehaviour, recordBehaviour } from './record.ts'
import type { Domain, TypeDefinition, Types } from './registry.ts'
import { registryBehaviours } from './regtypes.ts'
import { lowerText } from './text.ts'
import { compareText } from './utf8.ts'
import type { RecordColumn, SqlType, SqlValue } from './value.ts'

export function createTypes(): Types {
  const byOid = new Map<number, TypeDefinition>()
  const byName = new Map<string, TypeDefinition>()
  const types: Types = {
    typeOf(oid) {
      const type = byOid.get(oid)
      if (type === undefined) throw undefinedTypeNumber(oid)
      return type
    },
    find: (oid) => byOid.get(oid),
    named: (name) => byName.get(name),
    all: () => byOid.values(),
    add: (type) => byOid.set(type.oid, type),
    remove: (oid) => byOid.delete(oid),
  }
  for (const type of builtIn(types)) {
    types.add(type)
    byName.set(type.name, type)
  }
  return types
}

interface Created {
  named(name: string): number | undefined
  all(): readonly number[]
  unsafe(oid: number): readonly string[]
  isAltered(oid: number): boolean
}

/**
 * Returns the types as one transaction sees them. A search by oid (`typeOf`, `find`) also finds types whose names the
 * transaction does not see.
 */
export function typesWith(types: Types, created: Created): Types {
  const guarded = (type: TypeDefinition): TypeDefinition => {
    if (created.isAltered(type.oid)) return refusedType(type)
    const unsafe = type.kind === 'e' ? created.unsafe(type.oid) : []
    if (unsafe.length === 0) return type
    const input: TypeDefinition['input'] = (text, ...rest) => {
      if (!unsafe.includes(text)) return type.input(text, ...rest)
      throw new SqlError('55P04', `unsafe use of new value "${text}" of enum type ${type.name}`, {
        hint: 'New enum values must be committed before they can be used.',
      })
    }
    return { ...type, input }
  }
  const find = (oid: number): TypeDefinition | undefined => {
    const type = types.find(oid)
    return type && guarded(type)
  }
  return {
    ...types,
    typeOf: (oid) => guarded(types.typeOf(oid)),
    find,
    named(name) {
      const oid = types.named(name)?.oid ?? created.named(name)
      return oid === undefined ? undefined : find(oid)
    },
    *all() {
      for (const type of types.all()) if (type.oid < FIRST_OF_USERS) yield type
      for (const oid of created.all()) {
        const type = find(oid)
        if (type !== undefined) yield type
      }
    },
  }
}

function refusedType(type: TypeDefinition): TypeDefinition {
  const what = `${type.name}, which another transaction alters,`
  return {
    ...type,
    ...refusedBehaviour(what),
    get columns(): never {
      throw new NotSupported(`the type ${what}`)
    },
  }
}

function* builtIn(types: Types): Generator<TypeDefinition> {
  const registry = registryBehaviours()
  const ranges = rangeBehaviours()
  for (const line of linesOf(TYPES)) {
    const [oid = 0, arrayOid = 0, length = 0] = [0, 2, 3].map((i) => Number(line[i]))
    const [, name = '', , , kind = 'b', category = '', preferred, delimiter = ','] = line
    const behaviour =
      BEHAVIOURS.get(oid) ??
      registry.get(oid) ??
      ranges.get(oid) ??
      (oid === OID.record ? recordBehaviour() : refusedBehaviour(name))
    const elementOid = oid === OID.int2vector ? OID.int2 : oid === OID.oidvector ? OID.oid : 0
    const type: TypeDefinition = {
      oid,
      name,
      arrayOid,
      elementOid,
      length,
      kind: kind as TypeDefinition['kind'],
      category,
      preferred: preferred === '1',
      delimiter,
      ...behaviour,
    }
    const subtype = subtypeOf(oid)
    yield subtype === undefined ? type : { ...type, compare: rangeOrder(types, subtype) }
    if (arrayOid !== 0) yield arrayOf(type, types)
  }
}

/** Looks up the type of the bounds at each comparison, because it may be created after the range type. */
function rangeOrder(types: Types, subtype: number): NonNullable<TypeDefinition['compare']> {
  return (a, b) => compareRanges(asRange(a), asRange(b), orderOf(types.typeOf(subtype)))
}

function arrayOf({ oid, arrayOid, name, schema, kind, delimiter }: TypeDefinition, types: Types): TypeDefinition {
  return {
    oid: arrayOid,
    name: `_${name}`,
    ...(schema === undefined ? {} : { schema }),
    arrayOid: 0,
    elementOid: oid,
    length: -1,
    kind: kind === 'p' ? 'p' : 'b',
    category: kind === 'p' ? 'P' : 'A',
    preferred: false,
    delimiter,
    ...arrayBehaviour(oid),
    get compare(): TypeDefinition['compare'] {
      const compare = types.find(oid)?.compare
      if (compare === undefined) return undefined
      return (a, b) => compareArrays(asArray(a), asArray(b), compare)
    },
  }
}

type NewType = Pick<TypeDefinition, 'oid' | 'arrayOid' | 'name'> & { readonly schema: string }

/** Returns an enum and its array type. */
export function enumTypes(types: Types, created: NewType, labels: readonly string[]): readonly TypeDefinition[] {
  const type: TypeDefinition = {
    ...created,
    ...{ elementOid: 0, length: 4, kind: 'e', category: 'E', preferred: false, delimiter: ',' },
    ...enumBehaviour(created.name, labels),
  }
  return [type, arrayOf(type, types)]
}

/** Returns citext and its array type. Texts are compared by their lower-case forms. */
export function caselessTypes(types: Types, created: NewType): readonly TypeDefinition[] {
  const folded = (value: SqlValue): string => lowerText(asString(value))
  const type: TypeDefinition = {
    ...types.typeOf(OID.text),
    ...created,
    ...{ preferred: false, isCaseless: true },
    compare: (a, b) => compareText(folded(a), folded(b)),
  }
  return [type, arrayOf(type, types)]
}

/** Returns the oid of citext, if it is among the types. */
export const caselessAmong = (types: Types, oids: readonly number[]): number | undefined =>
  oids.find((oid) => oid >= FIRST_OF_USERS && types.find(oid)?.isCaseless === true)

export function compositeTypes(
  types: Types,
  created: NewType,
  columns: readonly RecordColumn[],
): readonly TypeDefinition[] {
  const type: TypeDefinition = {
    ...created,
    ...{ elementOid: 0, length: -1, kind: 'c', category: 'C', preferred: false, delimiter: ',', columns },
    ...compositeBehaviour(created.name, columns),
  }
  return [type, arrayOf(type, types)]
}

/** Returns a domain and its array type. The domain behaves like its base type, but checks its constraints on input. */
export function domainType(types: Types, created: NewType, domain: Domain): readonly TypeDefinition[] {
  const base = types.typeOf(domain.of.oid)
  const type: TypeDefinition = {
    ...base,
    ...created,
    ...{ elementOid: 0, kind: 'd', preferred: false, domain },
    input(text, context) {
      const value = base.input(text, context, domain.of.typmod)
      domain.check(value, context)
      return value
    },
    receive(bytes, context) {
      const value = base.receive(bytes, context, domain.of.typmod)
      domain.check(value, context)
      return value
    },
  }
  return [type, { ...arrayOf(type, types), ...refusedBehaviour(`${created.name}[], an array of a domain`) }]
}

/** Returns the type with this oid. For a domain, returns its base type. */
export function typeNumbered(types: Types, oid: number, typmod = -1): SqlType {
  const { name, domain } = types.typeOf(oid)
  return domain === undefined ? { oid, name, typmod } : { ...domain.of, domain: oid }
}

function orderOf(type: TypeDefinition): NonNullable<TypeDefinition['compare']> {
  if (type.compare === undefined) {
    throw new SqlError('42883', `could not identify an ordering operator for type ${type.name}`, {
      hint: 'Use an explicit ordering operator or modify the query.',
    })
  }
  return type.compare
}
