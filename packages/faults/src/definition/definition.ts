import type { Link } from './link.ts'
import type { Parameters, ValuesOf } from './parameter.ts'
import type { Members } from './read-parameters.ts'

/** Why something cannot suffer a fault, and what to inject instead. */
export interface Refusal {
  readonly not: string
  /** The faults that come nearest, best first, by the names of `--faults`; by its kind if a fault has no such name. */
  readonly instead: readonly string[]
  /** Where this fault itself can be injected. */
  readonly elsewhere?: 'simulator' | 'processes' | undefined
}

/** One kind of fault. Its type, its parser, help, error messages and OpenAPI all follow from this declaration. */
export interface FaultDefinition<Kind extends string = string, Entries extends Parameters = Parameters> {
  readonly kind: Kind
  readonly summary: string
  readonly parameters: Entries
  /** Shorthands that `expand` turns into parameters. */
  readonly shorthands?: Parameters | undefined
  /** @throws UserError (input) that begins with `where`. */
  expand?(members: Members, where: string): Members
  /** Checks parameters against each other. @throws UserError (input) that begins with `where`. */
  validate?(harm: HarmOf<FaultDefinition<Kind, Entries>>, where: string): void
  /** Whether it acts on responses, so that responses can be matched as well. */
  readonly actsOnReplies?: true | undefined
  /** Why processes on one machine cannot suffer it. */
  readonly notInProcesses?: Refusal | undefined
  /** Whether its nodes do nothing while it lasts. */
  readonly stopsNodes?: true | undefined
  /** Whether no system promises anything once it has suffered it. */
  readonly voidsPromises?: true | undefined
  /** The plural in words; by default `spells of KIND`. */
  readonly plural?: string | undefined
  /** Describes the fault in a few words. `targets` names its links or nodes. */
  describe?(harm: HarmOf<FaultDefinition<Kind, Entries>>, targets: string): string
}

/** The kind and its parameters, without its aim. */
export type HarmOf<Definition> =
  Definition extends FaultDefinition<infer Kind, infer Entries> ? { readonly kind: Kind } & ValuesOf<Entries> : never

/** The aim of a traffic fault: every given condition must hold. */
export type Aim<Match extends Parameters, When extends Parameters> = {
  readonly links: readonly Link[]
  /** Selects requests or messages by their content. */
  readonly match?: Matching<Match> | undefined
  /** Selects among the matching ones, and limits the time. */
  readonly when?: ValuesOf<When> | undefined
}

/** Conditions that must all hold, and others that must not all hold. */
export type Matching<Match extends Parameters> = ValuesOf<Match> & { readonly not?: ValuesOf<Match> | undefined }

export const defineFault = <const Kind extends string, Entries extends Parameters>(
  definition: FaultDefinition<Kind, Entries>,
): FaultDefinition<Kind, Entries> => definition
