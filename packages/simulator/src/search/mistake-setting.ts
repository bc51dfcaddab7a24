import { nemeses } from '@chaosproxy/faults'
import { type KnobValue, notPromisedUnder, type ProtocolDefinition } from '@chaosproxy/protocols'
import { simulatorSuffers } from '../suffers.ts'
import { nemesesOf } from './trial-choices.ts'

/** What a search takes, where nobody chose otherwise, of the setting under which a mistake is likely to show. */
export interface MistakeSetting {
  readonly knobs: { readonly [name: string]: KnobValue }
  /** When absent, the usual one brings it out. */
  readonly workload?: string | undefined
  /** Names of faults that a search would leave out otherwise. */
  readonly besides: readonly string[]
  /** Names of all that trials draw from then; undefined, and so the usual ones, if there is none besides. */
  readonly faults?: readonly string[] | undefined
}

/**
 * The setting without the knobs that somebody chose; empty for a mistake that declares none. What the mistake needs adds to
 * the usual faults and never replaces them: they find more than the declared ones alone.
 */
export function mistakeSetting(
  protocol: ProtocolDefinition,
  bug: string | undefined,
  chosen: MistakeSetting['knobs'] = {},
): MistakeSetting {
  const { faults = [], workload, ...under } = protocol.bugs.find(({ name }) => name === bug)?.under ?? {}
  const declared = Object.entries({ ...under.knobs, ...under.trialKnobs })
  const knobs = Object.fromEntries(declared.filter(([name]) => !Object.hasOwn(chosen, name)))
  const notUnder = notPromisedUnder(protocol, { ...knobs, ...chosen })
  const drawn = nemesesOf({})
    .filter(({ kind }) => !notUnder.includes(kind) || (kind === 'clock' && protocol.clocks !== undefined))
    .map(({ name }) => name)
  const besides = nemeses
    .filter(({ name, kind }) => faults.includes(name) && !drawn.includes(name) && simulatorSuffers(kind) === true)
    .map(({ name }) => name)
  return { knobs, workload, besides, faults: besides.length === 0 ? undefined : [...drawn, ...besides] }
}
