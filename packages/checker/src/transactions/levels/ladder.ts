import type { Ladder } from '../../verdict/ladder.ts'
import { type EdgeMask, maskOf, RT, SO } from '../graph/edges.ts'

/** Levels of isolation, strongest first. Each has a form that keeps the order of sessions, and one that keeps real time. */
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

/** What each directly implies. Repeatable read is PL-2.99 (Adya 1999): serializable but for predicates. */
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

/** What a form of a level keeps besides the versions. */
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

/** Strongest first. Real time contains the order of sessions. */
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

/** Strongest first: an isolation is followed by its own weaker forms, so a level comes before all that it implies. */
const levels: readonly IsolationLevel[] = isolations.flatMap(levelsOf)

function impliedBy(isolation: Isolation, at: number): readonly IsolationLevel[] {
  const form = forms[at]
  const next = forms[at + 1]
  return [...(next === undefined ? [] : [next.prefixed(isolation)]), ...weaker[isolation].map(form.prefixed)]
}

/** What a level is made of. */
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
  // In others, a transaction may have read what is written later.
  lasting: ['strict-serializable'],
  tied: 'strict-serializable',
}

/** By level: itself and all that it implies. Built once, weakest first: judges ask thousands of times. */
const closures = new Map<string, ReadonlySet<string>>()
for (const level of levels.toReversed())
  closures.set(
    level,
    new Set([level, ...isolationLadder.implied[level].flatMap((next) => [...(closures.get(next) ?? [])])]),
  )

/** Whether a level implies another, or is it. */
export const impliesLevel = (level: string, other: string): boolean => closures.get(level)?.has(other) === true
