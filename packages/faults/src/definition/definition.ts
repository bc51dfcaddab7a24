import type { Link } from './link.ts'
import type { Parameters, ValuesOf } from './parameter.ts'
import type { Members } from './read-parameters.ts'

/** Why a fault cannot be injected into an object, and which faults to inject instead. */
export interface Refusal {
  readonly not: string
  /**
   * The names of the faults most similar to the refused fault, the most similar first. A fault without a name in
   * `--faults` is named by its kind.
   */
  readonly instead: readonly string[]
  /** Where the refused fault can be injected. */
  readonly elsewhere?: 'simulator' | 'processes' | undefined
}

/**
 * One kind of fault. Its type, its parser, its help, its error messages and its OpenAPI schema all follow from this
 * declaration.
 */
export interface FaultDefinition<Kind extends string = string, Entries extends Parameters = Parameters> {
  readonly kind: Kind
  readonly summary: string
  readonly parameters: Entries
  /** Shorthands that `expand` turns into parameters. */
  readonly shorthands?: Parameters | undefined
  /** @throws UserError (input) that begins with `where`. */
  expand?(members: Members, where: string): Members
  /** Checks parameters against each other. @throws UserError (input) with a message that begins with `where`. */
  validate?(harm: HarmOf<FaultDefinition<Kind, Entries>>, where: string): void
  /** Whether the fault acts on responses, so that responses can be matched too. */
  readonly actsOnReplies?: true | undefined
  /** Why the fault cannot be injected into processes on one machine. */
  readonly notInProcesses?: Refusal | undefined
  /** Whether the nodes that the fault hits do nothing while it lasts. */
  readonly stopsNodes?: true | undefined
  /** Whether the system promises nothing any more once the fault is injected. */
  readonly voidsPromises?: true | undefined
  /** The plural of the fault's name in sentences; by default `spells of KIND`. */
  readonly plural?: string | undefined
  /** Describes the fault in a few words. `targets` are its links or nodes. */
  describe?(harm: HarmOf<FaultDefinition<Kind, Entries>>, targets: string): string
}

/** A fault's kind and its parameters, without its aim. */
export type HarmOf<Definition> =
  Definition extends FaultDefinition<infer Kind, infer Entries> ? { readonly kind: Kind } & ValuesOf<Entries> : never

/** The aim of a traffic fault. Every given condition must hold. */
export type Aim<Match extends Parameters, When extends Parameters> = {
  readonly links: readonly Link[]
  /** Selects requests or messages by their content. */
  readonly match?: Matching<Match> | undefined
  /** Selects among the matches, and limits the fault's time. */
  readonly when?: ValuesOf<When> | undefined
}

/** All these conditions must hold. Of the conditions in `not`, at least one must fail. */
export type Matching<Match extends Parameters> = ValuesOf<Match> & { readonly not?: ValuesOf<Match> | undefined }

export const defineFault = <const Kind extends string, Entries extends Parameters>(
  definition: FaultDefinition<Kind, Entries>,
): FaultDefinition<Kind, Entries> => definition

/** Returns a function that tells whether a kind is one of these. The list may grow later. */
export const isKindOf =
  <Definition extends FaultDefinition>(definitions: readonly Definition[]) =>
  (kind: unknown): kind is Definition['kind'] =>
    definitions.some((definition) => definition.kind === kind)
