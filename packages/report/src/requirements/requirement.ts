import { faultKinds } from '@chaosproxy/faults'
import { didYouMean, UserError } from '@chaosproxy/history'
import { type Measure, measures, type Unit } from './measures.ts'

/** A bound on something measured: `availability during partition >= 99.5%`, `p99 of read < 200ms`, `lost == 0`. */
export interface Requirement {
  /** As it was written. */
  readonly text: string
  readonly measure: Measure
  /** The function whose operations are meant; undefined for all. */
  readonly of: string | undefined
  /** The part of the run that is meant; undefined for all of it. */
  readonly during: Part | undefined
  readonly comparison: Comparison
  /** A share from 0 to 1, nanoseconds, or a count. */
  readonly bound: number
}

/** `calm`: no fault was in force; `faults`: some fault was; `healed`: after the last. Otherwise a kind of fault. */
export type Part = 'calm' | 'faults' | 'healed' | (typeof faultKinds)[number]

export type Comparison = '>=' | '<=' | '==' | '>' | '<'

const SHAPE =
  /^(?<name>\S+?)(?:\s+of\s+(?<of>\S+?))?(?:\s+during\s+(?<during>\S+?))?\s*(?<sign>>=|<=|==|=|<|>)\s*(?<bound>\S.*?)\s*$/

export const REQUIREMENT_EXAMPLE = 'availability during partition >= 99.5%'

/**
 * Reads `MEASURE [of FUNCTION] [during PART] >= BOUND`, also with <=, ==, < or >. Messages begin with `where`.
 *
 * @throws UserError (usage) that says what to write instead.
 */
export function parseRequirement(text: string, where: string): Requirement {
  const refuse = (problem: string): never => {
    throw new UserError('usage', `${where} ${JSON.stringify(text)}: ${problem}`)
  }
  const { name, of, during, sign, bound } = SHAPE.exec(text.trim())?.groups ?? {}
  if (name === undefined || sign === undefined || bound === undefined)
    return refuse(`write what to measure and its bound, such as "${REQUIREMENT_EXAMPLE}".`)
  const measure = measureCalled(name, refuse)
  if (measure.of === undefined && (of ?? during) !== undefined)
    return refuse(
      `${name} is of the whole run, not of a part of it: leave "${of === undefined ? 'during' : 'of'} …" out.`,
    )
  return {
    text: text.trim(),
    measure,
    of,
    during: during === undefined ? undefined : partCalled(during, refuse),
    comparison: (sign === '=' ? '==' : sign) as Comparison,
    bound: parseBound(bound, measure, refuse),
  }
}

type Refuse = (problem: string) => never

function measureCalled(name: string, refuse: Refuse): Measure {
  const names = measures.map((each) => each.name)
  return (
    measures.find((each) => each.name === name) ??
    refuse(`there is no measure ${name}.${didYouMean(name, names)} Known: ${names.join(', ')}.`)
  )
}

const OTHER_PARTS = ['calm', 'faults', 'healed'] as const

function partCalled(during: string, refuse: Refuse): Part {
  const parts: readonly Part[] = [...OTHER_PARTS, ...faultKinds]
  return (
    parts.find((part) => part === during) ??
    refuse(
      `there is no fault ${during}.${didYouMean(during, parts)} Write during calm, faults, healed, or a kind of fault that chaos targets --faults lists.`,
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
  return parse(bound) ?? refuse(`${name} is compared with ${example}, not with ${bound}.`)
}
