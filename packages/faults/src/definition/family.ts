import { canonical, didYouMean, inputError, type Json } from '@chaosproxy/history'
import { type Aim, type FaultDefinition, type HarmOf, isKindOf, type Matching } from './definition.ts'
import { parseLinks } from './link.ts'
import { json, optional, type Parameters, type ValuesOf } from './parameter.ts'
import { type Members, quote, readObject, readParameters } from './read-parameters.ts'
import { validateWhen } from './trigger.ts'

/** A family: kinds of faults that act on the same objects, such as bytes, messages or requests. */
export interface FaultFamily<
  Name extends string = string,
  Kinds extends readonly FaultDefinition[] = readonly FaultDefinition[],
  Match extends Parameters = Parameters,
  When extends Parameters = Parameters,
> {
  readonly name: Name
  readonly summary: string
  readonly kinds: Kinds
  /** The members of `match`; empty if the family's faults have no `match`. */
  readonly match: Match
  readonly when: When
  /**
   * Parses a fault: `{"kind":"latency","latencyMs":50,"links":["n1>n2"],"when":{…}}`. Unknown members are refused,
   * because a misspelt parameter would silently have no effect.
   *
   * @param where the start of every error message: the file or route, and the place in it.
   * @throws UserError (input)
   */
  parse(value: unknown, where: string, beside?: readonly string[]): FaultOf<Kinds, Match, When>
  has(kind: unknown): kind is Kinds[number]['kind']
  owns(fault: { readonly kind: string }): fault is FaultOf<Kinds, Match, When>
}

export type FaultOf<
  Kinds extends readonly FaultDefinition[],
  Match extends Parameters,
  When extends Parameters,
> = HarmOf<Kinds[number]> & Aim<Match, When>

interface FamilyOptions<
  Name extends string,
  Kinds extends readonly FaultDefinition[],
  Match extends Parameters,
  When extends Parameters,
> extends Pick<FaultFamily<Name, Kinds, Match, When>, 'name' | 'summary' | 'kinds' | 'match' | 'when'> {
  readonly noun: string
  /**
   * Validates the conditions of `match`, and the conditions under `not`. @throws UserError (input) for a condition that
   * nothing can meet.
   */
  validateMatch?(match: ValuesOf<Match>, definition: FaultDefinition, where: string): void
}

export function defineFamily<
  const Name extends string,
  const Kinds extends readonly FaultDefinition[],
  Match extends Parameters,
  When extends Parameters,
>(options: FamilyOptions<Name, Kinds, Match, When>): FaultFamily<Name, Kinds, Match, When> {
  const { noun, validateMatch, ...family } = options
  const hasMatch = Object.keys(family.match).length > 0
  const notParameters = ['kind', 'links', 'when', ...(hasMatch ? ['match'] : [])]
  const has: (kind: unknown) => kind is Kinds[number]['kind'] = isKindOf(family.kinds)
  return {
    ...family,
    // All conditions, including `not`. `readMatch` takes the conditions without `not`, because it reads `not`
    // separately.
    match: (hasMatch ? { ...family.match, not: negation } : family.match) as Match,
    has,
    owns: (fault): fault is FaultOf<Kinds, Match, When> => has(fault.kind),
    parse(value, where, beside = []) {
      const members = readObject(value, where)
      const definition = findDefinition(family.kinds, members['kind'], where, noun)
      const links = parseLinks(members['links'], where)
      const harm = readHarm(definition, members, where, [...notParameters, ...beside])
      const match = readMatch(family.match, members['match'], `${where}: "match"`, (conditions) =>
        validateMatch?.(conditions, definition, where),
      )
      const when = readSection(family.when, members['when'], `${where}: "when"`)
      if (when !== undefined) validateWhen(when, `${where}: "when"`)
      const aim = { links, ...(match === undefined ? {} : { match }), ...(when === undefined ? {} : { when }) }
      // This cast is safe: the object has exactly the members of its kind's fault type.
      return { ...harm, ...aim } as unknown as FaultOf<Kinds, Match, When>
    },
  }
}

/** @throws UserError (input) that lists all kinds and suggests the nearest. */
export function findDefinition<Definition extends FaultDefinition>(
  definitions: readonly Definition[],
  kind: unknown,
  where: string,
  noun: string,
): Definition {
  const found = definitions.find((definition) => definition.kind === kind)
  if (found !== undefined) return found
  const known = definitions.map((definition) => definition.kind)
  const what = kind === undefined ? '"kind" is missing' : `there is no ${noun} ${quote(kind)}`
  const meant = typeof kind === 'string' ? didYouMean(kind, known) : ''
  throw inputError(`${where}: ${what}. Known: ${known.join(', ')}.${meant}`)
}

/** Reads a fault's kind and its parameters. @throws UserError (input) */
export function readHarm<Definition extends FaultDefinition>(
  definition: Definition,
  members: Members,
  where: string,
  beside: readonly string[],
): HarmOf<Definition> {
  const { kind, parameters } = definition
  const at = `${where}: ${kind}`
  const given = definition.expand?.(members, at) ?? members
  const harm = { kind, ...readParameters(parameters, given, at, beside) } as HarmOf<Definition>
  definition.validate?.(harm, at)
  return harm
}

function readSection<Entries extends Parameters>(
  entries: Entries,
  value: unknown,
  where: string,
): ValuesOf<Entries> | undefined {
  if (value === undefined || value === null) return undefined
  return readParameters(entries, readObject(value, where), where)
}

const negation = optional(json('hit only what does not meet these conditions ({"path":"/health"}; not.path=/health)'))

function readMatch<Entries extends Parameters>(
  entries: Entries,
  value: unknown,
  where: string,
  validate: (conditions: ValuesOf<Entries>) => void,
): Matching<Entries> | undefined {
  if (value === undefined || value === null) return undefined
  const { not, ...given } = readObject(value, where)
  const conditions = readParameters(entries, given, where)
  validate(conditions)
  const excluded = readSection(entries, not, `${where}: "not"`)
  if (excluded === undefined) return conditions
  validate(excluded)
  validateExclusion(conditions, excluded, where)
  return { ...conditions, not: excluded }
}

/** @throws UserError (input) if `not` excludes everything that meets the other conditions. */
function validateExclusion(conditions: Members, excluded: Members, where: string): void {
  const isSame = ([name, value]: [string, unknown]) =>
    conditions[name] !== undefined && canonical(conditions[name] as Json) === canonical(value as Json)
  const given = Object.entries(excluded).filter(([, value]) => value !== undefined)
  if (!given.every(isSame)) return
  const why = given.length === 0 ? 'without conditions excludes everything' : 'excludes everything that "match" selects'
  throw inputError(`${where}: "not" ${why}, so the rule never applies. Leave "not" out, or give it more conditions.`)
}
