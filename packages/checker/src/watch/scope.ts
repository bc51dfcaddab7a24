import { foundOrMade } from '@chaosproxy/history'
import { countBelow } from '../search/halving.ts'
import type { Watch } from './record.ts'
import type { Known, Timeline } from './timeline.ts'

export interface Scope {
  matches(key: string, isDeletion: boolean): boolean
  readonly revisions: readonly number[]
  changesAt(revision: number): readonly Known[]
  /** Whether a write with an unknown revision may have made a matching change in this range. */
  isDoubtful(from: number, to: number): boolean
}

/** Returns the scope of a watch. Equal requests share one scope. */
export function createScopes(timeline: Timeline): (watch: Watch) => Scope {
  const scopes = new Map<string, Scope>()
  return (watch) => {
    const { key, prefix, without } = watch
    const name = JSON.stringify([key ?? null, prefix ?? null, without])
    return foundOrMade(scopes, name, () => scopeOf(watch, timeline))
  }
}

function scopeOf({ key, prefix, without }: Watch, timeline: Timeline): Scope {
  const matches = (name: string, isDeletion: boolean): boolean =>
    (key === undefined || name === key) &&
    (prefix === undefined || name.startsWith(prefix)) &&
    !without.includes(isDeletion ? 'delete' : 'put')
  const isIn = (known: Known) => matches(known.key, known.value === undefined)
  const changesAt = (revision: number) => [...(timeline.at(revision)?.values() ?? [])].filter(isIn)
  const open = timeline.open.filter(({ changes }) =>
    [...changes].some(([name, value]) => matches(name, value === undefined)),
  )
  return {
    matches,
    revisions:
      key === undefined
        ? timeline.revisions.filter((revision) => changesAt(revision).length > 0)
        : timeline
            .ofKey(key)
            .filter(isIn)
            .map(({ revision }) => revision),
    changesAt,
    isDoubtful: (from, to) => open.length > 0 && from <= to && timeline.hasHole(from, to),
  }
}

export const firstFrom = ({ revisions }: Scope, least: number): number => countBelow(revisions, least)

/**
 * Returns, as `held`, the last change of the key before `known`. If the key had no value then, `held` is undefined.
 * Returns undefined if a write with an unknown revision may have changed the key in between.
 */
export function previousOf(known: Known, timeline: Timeline): { readonly held: Known | undefined } | undefined {
  const before = timeline.ofKey(known.key)[known.index - 1]
  const from = (before?.revision ?? timeline.revisions[0] ?? 0) + (before === undefined ? 0 : 1)
  if (timeline.openKeys.has(known.key) && timeline.hasHole(from, known.revision)) return undefined
  return { held: before === undefined || before.value === undefined ? undefined : before }
}
