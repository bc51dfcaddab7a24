import { levelNames, levelsInWords } from '@chaosproxy/checker'
import { faultNames } from '@chaosproxy/faults'
import { didYouMean, usageError } from '@chaosproxy/history'
import { textWithoutSecrets } from '../secrets.ts'
import type { Bound, Comparison, Refuse } from './bound.ts'
import { type Measure, measures, type Unit } from './measures.ts'
import { type OwnLevel, ownLevel, ownLevelNames } from './own-level.ts'
import { type Probe, parseProbe } from './probe.ts'

/**
 * A requirement on a result: a bound on a measure (`p99 of read < 200ms`), a level, `concurrency`, or the answer of a
 * probe (`http://db/health status == 200`).
 */
export type Requirement =
  | MeasureRequirement
  | LevelRequirement
  | OwnLevelRequirement
  | ConcurrencyRequirement
  | ProbeRequirement

interface Selection {
  readonly of: string | undefined
  readonly during: RunPart | undefined
}

export interface MeasureRequirement extends Selection, Bound {
  readonly kind: 'measure'
  readonly text: string
  readonly measure: Measure
}

export interface LevelRequirement {
  readonly kind: 'level'
  readonly text: string
  readonly level: string
}

export interface OwnLevelRequirement {
  readonly kind: 'own level'
  readonly text: string
  readonly level: OwnLevel
}

/** Requires that some operation overlapped a change. */
export interface ConcurrencyRequirement {
  readonly kind: 'concurrency'
  readonly text: string
}

export interface ProbeRequirement extends Bound {
  readonly kind: 'probe'
  /** Without secrets. */
  readonly text: string
  /** The requirement as typed. Two requirements may differ only in a secret, which `text` lacks. */
  readonly written: string
  readonly probe: Probe
}

/**
 * The name of a fault, `calm` (no fault), `faults` (any fault), `before` (before the first fault) or `healed` (after
 * the last). An operation belongs to the part in which it was called.
 */
export type RunPart = string

const CONCURRENCY = 'concurrency'

const SHAPE =
  /^(?<name>\S+?)(?:\s+of\s+(?<of>\S+?))?(?:\s+during\s+(?<during>\S+?))?\s*(?<sign>>=|<=|==|=|<|>)\s*(?<bound>\S.*?)\s*$/

export const REQUIREMENT_EXAMPLE = 'availability during partition >= 99.5%'

/**
 * Parses a requirement. Its form is `MEASURE [of FUNCTION] [during PART] >= BOUND`, `LEVEL`, `concurrency`, or a probe.
 * Error messages begin with `where`.
 *
 * @throws UserError (usage) that says what to write instead.
 */
export function parseRequirement(typed: string, where: string): Requirement {
  const refuse = (problem: string): never => {
    throw usageError(`${where} ${JSON.stringify(typed)}: ${problem}`)
  }
  const text = typed.trim()
  const probe = parseProbe(text, refuse)
  if (probe !== undefined) return { kind: 'probe', text: textWithoutSecrets(text), written: text, ...probe }
  if (text === CONCURRENCY) return { kind: 'concurrency', text }
  const { name, of, during, sign, bound } = SHAPE.exec(text)?.groups ?? {}
  if (name === undefined || sign === undefined || bound === undefined)
    return levelIn(text, refuse) ?? refuse(`write what to measure and its bound, such as "${REQUIREMENT_EXAMPLE}".`)
  if (name === CONCURRENCY) return refuse(`${CONCURRENCY} takes no bound: write only ${CONCURRENCY}.`)
  if (levelNames().includes(name)) return refuse(`a level takes no bound: write only ${name}.`)
  const measure = measureCalled(name, refuse)
  if (measure.of === undefined && (of ?? during) !== undefined)
    return refuse(`${name} is measured only over the whole run. Leave "${of === undefined ? 'during' : 'of'} …" out.`)
  return {
    kind: 'measure',
    text,
    measure,
    ...selectionOf(of, during, refuse),
    comparison: (sign === '=' ? '==' : sign) as Comparison,
    bound: parseBound(bound, measure, refuse),
  }
}

const LEVEL_SHAPE = /^(?<level>\S+)(?:\s+of\s+(?<of>\S+))?(?:\s+during\s+(?<during>\S+))?$/

function levelIn(text: string, refuse: Refuse): LevelRequirement | OwnLevelRequirement | undefined {
  const { level, of, during } = LEVEL_SHAPE.exec(text)?.groups ?? {}
  if (level === undefined) return undefined
  if (measures.some(({ name }) => name === level))
    return refuse(`say what ${level} must be, such as "${REQUIREMENT_EXAMPLE}".`)
  const own = ownLevel(level)
  if (own === undefined && !levelNames().includes(level)) {
    const meant = didYouMean(level, [...levelNames(), ...ownLevelNames()])
    return meant === '' && (of ?? during) === undefined
      ? undefined
      : refuse(`there is no level ${level}.${meant}${meant === '' ? ` Known: ${levelsInWords(levelNames())}.` : ''}`)
  }
  if ((of ?? during) !== undefined)
    return refuse(
      `a level covers all operations of a run, so it takes no "of" or "during": write only ${level}. To require something of one function or phase, use a measure, such as "${REQUIREMENT_EXAMPLE}".`,
    )
  return own === undefined ? { kind: 'level', text, level } : { kind: 'own level', text, level: own }
}

const selectionOf = (of: string | undefined, during: string | undefined, refuse: Refuse): Selection => ({
  of: of === undefined ? undefined : (PLURALS[of] ?? of),
  during: during === undefined ? undefined : partCalled(during, refuse),
})

/** Plurals that are accepted as names of functions: `of reads`. */
const PLURALS: { readonly [plural: string]: string } = { reads: 'read', writes: 'write' }

function measureCalled(name: string, refuse: Refuse): Measure {
  const names = measures.map((each) => each.name)
  return (
    measures.find((each) => each.name === name) ??
    refuse(`there is no measure ${name}.${didYouMean(name, names)} Known: ${names.join(', ')}.`)
  )
}

const OTHER_PARTS = ['calm', 'before', 'faults', 'healed'] as const

function partCalled(during: string, refuse: Refuse): RunPart {
  const parts: readonly RunPart[] = [...OTHER_PARTS, ...faultNames()]
  return (
    parts.find((part) => part === during) ??
    refuse(
      `there is no fault ${during}.${didYouMean(during, parts)} Write "during" with calm, before, faults, healed, or a fault that chaos targets --faults lists.`,
    )
  )
}

const NANOS_PER: { readonly [unit: string]: number } = { us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, min: 60e9 }

const BOUNDS: { readonly [unit in Unit]: { readonly example: string; parse(text: string): number | undefined } } = {
  share: {
    example: 'a share, such as 99.5%',
    parse(text) {
      const digits = /^(\d+(?:\.\d+)?)\s*%$/.exec(text)?.[1]
      const share = digits === undefined ? undefined : Number(digits) / 100
      return share === undefined || share > 1 ? undefined : share
    },
  },
  duration: {
    example: 'a duration, such as 200ms or 1.5s',
    parse(text) {
      const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*(us|µs|ms|s|m|min)$/.exec(text) ?? []
      return digits === undefined ? undefined : Number(digits) * (NANOS_PER[unit] ?? Number.NaN)
    },
  },
  count: {
    example: 'a whole number, such as 0',
    parse: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
  },
}

function parseBound(bound: string, { name, unit }: Measure, refuse: Refuse): number {
  const { example, parse } = BOUNDS[unit]
  return parse(bound) ?? refuse(`${name} must be compared with ${example}, not with ${bound}.`)
}
