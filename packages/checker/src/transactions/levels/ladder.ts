import type { Ladder } from '../../verdict/ladder.ts'
import { type EdgeMask, maskOf, RT, SO } from '../graph/edges.ts'

/**
 * Levels of isolation, strongest first. Each level also has a form that keeps session order, and a form that keeps real
 * time.
 */
export const isolations = [
  'serializable',
  'repeatable-read',
  'snapshot-isolation',
  'parallel-snapshot-isolation',
  'prefix',
  'causal',
  'read-atomic',
  'monotonic-atomic-view',
  'cursor-stability',
  'read-committed',
  'read-uncommitted',
] as const

export type Isolation = (typeof isolations)[number]

/**
 * The levels that each level directly implies. Repeatable read is PL-2.99 (Adya 1999): serializable except for
 * predicates.
 */
const weaker: { readonly [isolation in Isolation]: readonly Isolation[] } = {
  serializable: ['repeatable-read', 'snapshot-isolation'],
  'repeatable-read': ['cursor-stability', 'read-atomic'],
  'snapshot-isolation': ['parallel-snapshot-isolation', 'prefix'],
  'parallel-snapshot-isolation': ['causal', 'cursor-stability'],
  prefix: ['causal'],
  causal: ['read-atomic'],
  'read-atomic': ['monotonic-atomic-view'],
  'monotonic-atomic-view': ['read-committed'],
  'cursor-stability': ['read-committed'],
  'read-committed': ['read-uncommitted'],
  'read-uncommitted': [],
}

/** A form of a level: whether the level also keeps real time, only the order of each session, or neither. */
export interface Form {
  readonly name: 'real time' | 'sessions' | 'neither'
  readonly mask: EdgeMask
  prefixed(isolation: Isolation): IsolationLevel
}

export type IsolationLevel =
  | Isolation
  | `strong-session-${Isolation}`
  | `strong-${Exclude<Isolation, 'serializable'>}`
  | 'strict-serializable'

/** The forms of levels, strongest first. The order of real time contains the order of each session. */
export const forms: readonly [realTime: Form, sessions: Form, neither: Form] = [
  {
    name: 'real time',
    mask: maskOf(SO, RT),
    prefixed: (isolation) => (isolation === 'serializable' ? 'strict-serializable' : `strong-${isolation}`),
  },
  { name: 'sessions', mask: maskOf(SO), prefixed: (isolation) => `strong-session-${isolation}` },
  { name: 'neither', mask: 0, prefixed: (isolation) => isolation },
]

const levelsOf = (isolation: Isolation): readonly IsolationLevel[] => forms.map((form) => form.prefixed(isolation))

/** The levels, strongest first: each level precedes all levels that it implies. */
const levels: readonly IsolationLevel[] = isolations.flatMap(levelsOf)

function impliedBy(isolation: Isolation, at: number): readonly IsolationLevel[] {
  const form = forms[at]
  const next = forms[at + 1]
  return [...(next === undefined ? [] : [next.prefixed(isolation)]), ...weaker[isolation].map(form.prefixed)]
}

export function partsOf(level: IsolationLevel): { readonly isolation: Isolation; readonly form: Form } {
  for (const isolation of isolations)
    for (const form of forms) if (form.prefixed(isolation) === level) return { isolation, form }
  throw new Error(`${level} is no level of isolation`)
}

export const isolationLadder: Ladder<IsolationLevel> = {
  levels,
  implied: Object.fromEntries(
    isolations.flatMap((isolation) => forms.map((form, at) => [form.prefixed(isolation), impliedBy(isolation, at)])),
  ) as unknown as { readonly [level in IsolationLevel]: readonly IsolationLevel[] },
  apart: [],
  realTime: isolations.map((isolation) => forms[0].prefixed(isolation)),
  // At a level without real time, a later write may explain a read, so later events may repair a violation. The weaker
  // levels in real time are not listed, because a violation of any of them also violates strict serializability.
  lasting: ['strict-serializable'],
  tied: 'strict-serializable',
}

/**
 * By level: the level and all levels that it implies. Computed once, because judges look levels up thousands of times.
 */
const closures = new Map<string, ReadonlySet<string>>()
for (const level of levels.toReversed())
  closures.set(
    level,
    new Set([level, ...isolationLadder.implied[level].flatMap((next) => [...(closures.get(next) ?? [])])]),
  )

/** Reports whether a level implies another, or is the same level. */
export const impliesLevel = (level: string, other: string): boolean => closures.get(level)?.has(other) === true
