import {
  type CastContext,
  type CastSignature,
  castBetween,
  type FunctionSignature,
  functionsNamed,
  type OperatorSignature,
  operatorsNamed,
} from '../functions/catalogue.ts'
import { COMPARISONS } from '../sql/comparisons.ts'
import { OID } from '../types/oids.ts'
import { subtypeOf } from '../types/range.ts'
import type { TypeDefinition, Types } from '../types/registry.ts'
import { caselessAmong } from '../types/types.ts'

/**
 * This file implements PostgreSQL's rules for the choice among functions and operators of one name (its manual, "Type
 * Conversion").
 */

export type Pathway =
  | { readonly kind: 'same' }
  | { readonly kind: 'cast'; readonly cast: CastSignature }
  | { readonly kind: 'text' }
  | { readonly kind: 'elements'; readonly source: number; readonly target: number }

const STRENGTH: Readonly<Record<CastContext, number>> = { i: 0, a: 1, e: 2 }

function isArray(type: TypeDefinition | undefined): type is TypeDefinition {
  return (
    type !== undefined &&
    type.elementOid !== 0 &&
    type.category === 'A' &&
    type.length === -1 &&
    type.name.startsWith('_')
  )
}

export function elementType(types: Types, oid: number): number | undefined {
  const type = types.find(oid)
  return type !== undefined && type.elementOid !== 0 ? type.elementOid : undefined
}

/** Returns the conversion from one type to another (`find_coercion_pathway`). */
export function pathway(types: Types, source: number, target: number, context: CastContext): Pathway | undefined {
  if (source === target) return { kind: 'same' }
  const domain = types.find(target)?.domain
  if (domain !== undefined) return pathway(types, source, domain.of.oid, context)
  const cast = castBetween(source, target) ?? caselessCast(types, source, target)
  if (cast !== undefined) {
    return STRENGTH[context] >= STRENGTH[cast.context] ? { kind: 'cast', cast } : undefined
  }
  const fromType = types.find(source)
  const toType = types.find(target)
  const isVector = source === OID.int2vector || source === OID.oidvector
  if (fromType !== undefined && (isVector || isArray(fromType)) && isArray(toType)) {
    const elements = pathway(types, fromType.elementOid, toType.elementOid, context)
    if (elements !== undefined) return { kind: 'elements', source: fromType.elementOid, target: toType.elementOid }
  }
  if (context !== 'i' && toType?.category === 'S') return { kind: 'text' }
  if (context === 'e' && fromType?.category === 'S') return { kind: 'text' }
  return undefined
}

const GENERIC = new Set<number>([
  OID.anyelement,
  OID.anyarray,
  OID.anynonarray,
  OID.anyenum,
  OID.anyrange,
  OID.anymultirange,
  OID.anycompatible,
  OID.anycompatiblearray,
  OID.anycompatiblenonarray,
  5080,
  4538,
])

function isGeneric(oid: number): boolean {
  return GENERIC.has(oid)
}

/** Whether a type is a multirange, which is not simulated. */
export const isMultirange = (types: Types, oid: number): boolean => types.find(oid)?.kind === 'm'

export function isGenericArray(oid: number): boolean {
  return oid === OID.anyarray || oid === OID.anycompatiblearray
}

/** Whether arguments of these types match without explicit casts. */
function canCoerce(types: Types, sources: readonly number[], targets: readonly number[]): boolean {
  let generic = false
  for (const [i, source] of sources.entries()) {
    const target = targets[i]
    if (target === undefined) return false
    if (source === target || target === OID.any) continue
    if (isGeneric(target)) {
      generic = true
      continue
    }
    if (source === OID.unknown) continue
    if (pathway(types, source, target, 'i') !== undefined) continue
    return false
  }
  return !generic || resolveGenerics(types, sources, targets, 0) !== undefined
}

/** Resolves anyelement, anyarray and other polymorphic types (`enforce_generic_type_consistency`). */
export function resolveGenerics(
  types: Types,
  actual: readonly number[],
  declared: readonly number[],
  result: number,
): { readonly arguments: readonly number[]; readonly result: number } | undefined {
  let element: number | undefined
  let range: number | undefined
  const compatible: number[] = []
  for (const [i, source] of actual.entries()) {
    const target = declared[i]
    if (source === OID.unknown || target === undefined || !isGeneric(target)) continue
    const found = elementFor(types, source, target)
    if (found === undefined) return undefined
    if (target === OID.anyrange) range = source
    if (COMPATIBLE.has(target)) compatible.push(found)
    else if (element !== undefined && element !== found) return undefined
    else element = found
  }
  const common = commonTypeOf(types, compatible)
  if (common === undefined) return undefined
  const place = (oid: number): number => {
    switch (oid) {
      case OID.anyelement:
      case OID.anynonarray:
      case OID.anyenum:
        return element ?? OID.unknown
      case OID.anyarray:
        return types.find(element ?? 0)?.arrayOid || OID.unknown
      case OID.anyrange:
        return range ?? OID.unknown
      case OID.anycompatible:
      case OID.anycompatiblenonarray:
        return common
      case OID.anycompatiblearray:
        return types.find(common)?.arrayOid || OID.unknown
    }
    return oid
  }
  return { arguments: declared.map(place), result: place(result) }
}

const COMPATIBLE: ReadonlySet<number> = new Set([OID.anycompatible, OID.anycompatiblearray, OID.anycompatiblenonarray])

/** Returns the type that a polymorphic type stands for, if an argument of the type `source` decides it. */
function elementFor(types: Types, source: number, declared: number): number | undefined {
  switch (declared) {
    case OID.anyelement:
    case OID.anycompatible:
      return source
    case OID.anynonarray:
    case OID.anycompatiblenonarray:
      return elementType(types, source) === undefined ? source : undefined
    case OID.anyenum:
      return types.find(source)?.kind === 'e' ? source : undefined
    case OID.anyarray:
    case OID.anycompatiblearray:
      return elementType(types, source)
    case OID.anyrange:
      return subtypeOf(source)
  }
  return undefined
}

/** Returns the common type of CASE, UNION, VALUES, ARRAY and IN (`select_common_type`). */
export function commonTypeOf(types: Types, oids: readonly number[]): number | undefined {
  const first = oids[0]
  if (first === undefined) return OID.text
  if (first !== OID.unknown && oids.every((oid) => oid === first)) return first
  let chosen: number = OID.unknown
  for (const oid of oids) {
    if (oid === OID.unknown || oid === chosen) continue
    if (chosen === OID.unknown) {
      chosen = oid
      continue
    }
    const type = types.typeOf(oid)
    const current = types.typeOf(chosen)
    if (type.category !== current.category) return undefined
    if (!current.preferred && canCoerce(types, [chosen], [oid]) && !canCoerce(types, [oid], [chosen])) {
      chosen = oid
    }
  }
  if (chosen === OID.unknown) return OID.text
  return oids.every((oid) => canCoerce(types, [oid], [chosen])) ? chosen : undefined
}

interface Candidate<T> {
  readonly signature: T
  readonly arguments: readonly number[]
}

/** Returns the best of several matching candidates (`func_select_candidate`). */
function selectCandidate<T>(
  types: Types,
  inputs: readonly number[],
  fitting: readonly Candidate<T>[],
): Candidate<T> | undefined {
  const categories = inputs.map((oid) => types.find(oid)?.category ?? 'U')
  const preferred = (oid: number, category: string): boolean => {
    const type = types.find(oid)
    return type !== undefined && type.category === category && type.preferred
  }
  let candidates = best(fitting, (candidate) => count(inputs, (oid, i) => candidate.arguments[i] === oid))
  if (candidates.length === 1) return candidates[0]
  candidates = best(candidates, (candidate) =>
    count(inputs, (oid, i) => {
      const declared = candidate.arguments[i] ?? 0
      return declared === oid || preferred(declared, categories[i] ?? '')
    }),
  )
  if (candidates.length === 1) return candidates[0]
  if (!inputs.includes(OID.unknown)) return undefined
  candidates = byCategory(types, inputs, candidates)
  if (candidates.length === 1) return candidates[0]
  const known = [...new Set(inputs.filter((oid) => oid !== OID.unknown))]
  const only = known.length === 1 ? known[0] : undefined
  if (only === undefined) return undefined
  const same = candidates.filter((candidate) =>
    canCoerce(
      types,
      inputs.map(() => only),
      candidate.arguments,
    ),
  )
  return same.length === 1 ? same[0] : undefined
}

function count(inputs: readonly number[], matches: (oid: number, i: number) => boolean): number {
  return inputs.filter((oid, i) => oid !== OID.unknown && matches(oid, i)).length
}

function best<T>(candidates: readonly T[], score: (candidate: T) => number): readonly T[] {
  const scores = candidates.map(score)
  const most = Math.max(...scores)
  return candidates.filter((_, i) => scores[i] === most)
}

/**
 * Filters candidates by a type category for each unknown argument. The category is string if any candidate accepts a
 * string.
 */
function byCategory<T>(
  types: Types,
  base: readonly number[],
  candidates: readonly Candidate<T>[],
): readonly Candidate<T>[] {
  const wanted: ({ category: string; preferred: boolean } | undefined)[] = []
  for (let i = 0; i < base.length; i += 1) {
    if (base[i] !== OID.unknown) {
      wanted.push(undefined)
      continue
    }
    let slot: { category: string; preferred: boolean } | undefined
    let conflict = false
    for (const candidate of candidates) {
      const type = types.find(candidate.arguments[i] ?? 0)
      const category = type?.category ?? 'U'
      const preferred = type?.preferred ?? false
      if (slot === undefined) slot = { category, preferred }
      else if (slot.category === category) slot = { category, preferred: slot.preferred || preferred }
      else if (category === 'S') slot = { category, preferred }
      else conflict = true
    }
    if (conflict && slot?.category !== 'S') return candidates
    wanted.push(slot)
  }
  const kept = candidates.filter((candidate) =>
    wanted.every((slot, i) => {
      if (slot === undefined) return true
      const type = types.find(candidate.arguments[i] ?? 0)
      return type?.category === slot.category && (!slot.preferred || type.preferred)
    }),
  )
  return kept.length > 0 ? kept : candidates
}

export type Choice<T> =
  | { readonly kind: 'found'; readonly signature: T; readonly arguments: readonly number[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous' }

function choose<T>(types: Types, inputs: readonly number[], candidates: readonly Candidate<T>[]): Choice<T> {
  const fitting = candidates.filter((candidate) => canCoerce(types, inputs, candidate.arguments))
  if (fitting.length === 0) return { kind: 'none' }
  const chosen = fitting.length === 1 ? fitting[0] : selectCandidate(types, inputs, fitting)
  return chosen === undefined ? { kind: 'ambiguous' } : { kind: 'found', ...chosen }
}

/** Chooses an operator of one or two operands. */
export function chooseOperator(types: Types, name: string, inputs: readonly number[]): Choice<OperatorSignature> {
  const caseless = caselessAmong(types, inputs)
  const all = [...operatorsNamed(name), ...(caseless === undefined ? [] : caselessOperators(name, caseless))]
  const candidates = all
    .filter((signature) => signature.arguments.length === inputs.length)
    .map((signature) => ({ signature, arguments: signature.arguments }))
  const exact = exactOperator(candidates, inputs)
  return exact === undefined ? choose(types, inputs, candidates) : { kind: 'found', ...exact }
}

const CASELESS_PATTERNS: Readonly<Record<string, string>> = {
  ...{ '~~': 'texticlike', '~~*': 'texticlike', '!~~': 'texticnlike', '!~~*': 'texticnlike' },
  ...{ '~': 'texticregexeq', '~*': 'texticregexeq', '!~': 'texticregexne', '!~*': 'texticregexne' },
}

/** Returns the operators of citext with itself and with a text pattern. */
function caselessOperators(name: string, oid: number): readonly OperatorSignature[] {
  const pattern = CASELESS_PATTERNS[name]
  const operator = { name, result: OID.bool, strict: true }
  if (pattern !== undefined)
    return [oid, OID.text].map((right) => ({ ...operator, arguments: [oid, right], source: pattern }))
  return COMPARISONS.has(name) ? [{ ...operator, arguments: [oid, oid], source: 'citext_cmp' }] : []
}

/**
 * Returns a cast from or to citext. Casts from citext are implicit to text and varchar; other casts apply in
 * assignments.
 */
function caselessCast(types: Types, source: number, target: number): CastSignature | undefined {
  const cast = (context: CastContext, name = ''): CastSignature => ({
    ...{ source, target, context, method: name === '' ? 'b' : 'f', function: name },
  })
  if (caselessAmong(types, [source]) !== undefined) {
    if (target === OID.text || target === OID.varchar) return cast('i')
    return target === OID.bpchar ? cast('a') : undefined
  }
  if (caselessAmong(types, [target]) === undefined) return undefined
  if (source === OID.text || source === OID.varchar) return cast('a')
  const by =
    source === OID.bpchar ? 'rtrim1' : source === OID.bool ? 'booltext' : source === OID.inet ? 'network_show' : ''
  return by === '' ? undefined : cast('a', by)
}

/** Returns the operator of exactly these types. An unknown type counts as the type of the other operand. */
function exactOperator<T>(candidates: readonly Candidate<T>[], inputs: readonly number[]): Candidate<T> | undefined {
  const known = inputs.find((oid) => oid !== OID.unknown)
  const wanted = inputs.map((oid) => (oid === OID.unknown ? known : oid))
  return candidates.find((candidate) => candidate.arguments.every((oid, i) => oid === wanted[i]))
}

/** Chooses a function. Candidates with variadic arguments or defaults are expanded. */
export function chooseFunction(
  types: Types,
  name: string,
  inputs: readonly number[],
  variadicCall: boolean,
  written: readonly FunctionSignature[] = [],
): Choice<FunctionSignature> & { readonly variadicFrom?: number | undefined } {
  const candidates: (Candidate<FunctionSignature> & { readonly variadicFrom?: number })[] = []
  for (const signature of [...functionsNamed(name), ...written]) {
    const declared = signature.arguments
    if (signature.variadic && !variadicCall) {
      const from = declared.length - 1
      const last = declared[from] ?? 0
      const element = last === OID.any ? OID.any : variadicElement(types, last)
      const expanded = [...declared.slice(0, from), ...inputs.slice(from).map(() => element)]
      if (inputs.length >= declared.length) candidates.push({ signature, arguments: expanded, variadicFrom: from })
      continue
    }
    if (inputs.length > declared.length || inputs.length < declared.length - signature.defaults) continue
    candidates.push({ signature, arguments: declared.slice(0, inputs.length) })
  }
  const exact = candidates.find((candidate) => candidate.arguments.every((oid, i) => oid === inputs[i]))
  if (exact !== undefined) return { kind: 'found', ...exact }
  return choose(types, inputs, candidates)
}

function variadicElement(types: Types, array: number): number {
  if (array === OID.anyarray) return OID.anyelement
  if (array === OID.anycompatiblearray) return OID.anycompatible
  return elementType(types, array) ?? OID.any
}
