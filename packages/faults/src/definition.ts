import type { Link } from './link.ts'
import type { Parameters, ValuesOf } from './parameter.ts'
import type { Members } from './read-parameters.ts'

/**
 * One kind of fault. Its declaration is all there is to say about it: the type of such a fault, what reads it, help,
 * messages and OpenAPI follow from it.
 */
export interface FaultDefinition<Kind extends string = string, Entries extends Parameters = Parameters> {
  readonly kind: Kind
  readonly summary: string
  readonly parameters: Entries
  /** Other ways to say the same, which `expand` turns into parameters. */
  readonly shorthands?: Parameters | undefined
  /** @throws UserError (input) that begins with `where`. */
  expand?(members: Members, where: string): Members
  /** What no single parameter shows. @throws UserError (input) that begins with `where`. */
  validate?(harm: HarmOf<FaultDefinition<Kind, Entries>>, where: string): void
  /** Whether it acts once there is an answer, which may then be matched. */
  readonly actsOnReplies?: true | undefined
  /** Several of them in words; `spells of KIND` unless given. */
  readonly plural?: string | undefined
  /** In a few words, for people; the words that name its links or nodes are given. */
  describe?(harm: HarmOf<FaultDefinition<Kind, Entries>>, targets: string): string
}

/** The kind and its parameters, without what it is aimed at. */
export type HarmOf<Definition> =
  Definition extends FaultDefinition<infer Kind, infer Entries> ? { readonly kind: Kind } & ValuesOf<Entries> : never

/** What a fault of a link is aimed at: all that is given must hold. */
export type Aim<Match extends Parameters, When extends Parameters> = {
  readonly links: readonly Link[]
  /** Which requests or messages, by what they say. */
  readonly match?: ValuesOf<Match> | undefined
  /** Which of those that match, and when. */
  readonly when?: ValuesOf<When> | undefined
}

export const defineFault = <const Kind extends string, Entries extends Parameters>(
  definition: FaultDefinition<Kind, Entries>,
): FaultDefinition<Kind, Entries> => definition
