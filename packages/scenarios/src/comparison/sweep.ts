import { usageError } from '@chaosproxy/history'

/** One setting at several values, or several settings that change together. */
export interface Sweep {
  readonly typed: string
  /** The text before `=`: a setting, the name of a system, or any other text. */
  readonly subject: string
  readonly points: readonly SweepPoint[]
}

export interface SweepPoint {
  /** The label of the point, such as `2` or `r=1 w=3`. */
  readonly label: string
  readonly settings: readonly (readonly [name: string, value: SettingValue])[]
}

type SettingValue = number | boolean | string

const MOST_VALUES = 20

/** The syntax of a sweep, for messages. */
const HOW = 'Write --sweep sync=0..4, --sweep reads=primary,replica, or --sweep quorum=R1W3..R3W1.'

/**
 * Throws for a sweep of one value. The parser does not check this, because the error for an unknown value must come
 * first.
 *
 * @throws UserError (usage)
 */
export function requireSeveral({ typed, points }: Sweep): void {
  if (points.length < 2) throw usageError(`--sweep ${typed}: this is only one value. ${HOW}`)
}

/**
 * Parses a sweep: `sync=0..4`, `reads=primary,replica`, or `quorum=R1W3..R3W1` for settings that change together in
 * equal steps.
 *
 * @throws UserError (usage)
 */
export function parseSweep(typed: string): Sweep {
  const refuse = (problem: string): never => {
    throw usageError(`--sweep ${typed}: ${problem} ${HOW}`)
  }
  const [subject = '', written = '', ...more] = typed.split('=')
  if (subject === '' || written === '' || more.length > 0) return refuse('this does not name a setting and its values.')
  const ends = written.split('..')
  const [from = '', to = ''] = ends
  const points =
    ends.length === 2 && !written.includes(',')
      ? togetherOf(from) === undefined
        ? range(subject, from, to, refuse)
        : together(from, to, refuse)
      : written.split(',').map((value) => pointOf(subject, value))
  if (points.length > MOST_VALUES)
    return refuse(`these are ${points.length} values, and at most ${MOST_VALUES} are compared.`)
  return { typed, subject, points }
}

type Refuse = (problem: string) => never

function range(subject: string, from: string, to: string, refuse: Refuse): readonly SweepPoint[] {
  const isNumber = (text: string): boolean => /^-?\d+$/.test(text)
  if (!isNumber(from) || !isNumber(to)) return refuse(`${from} and ${to} are not both whole numbers.`)
  const [low, high] = [Number(from), Number(to)]
  if (high <= low) return refuse(`${from} to ${to} is not a range from low to high.`)
  const length = high - low + 1
  return length > MOST_VALUES
    ? refuse(`these are ${length} values, and at most ${MOST_VALUES} are compared.`)
    : Array.from({ length }, (_, i) => pointOf(subject, String(low + i)))
}

/** Parses settings such as `R1W3`. */
function togetherOf(text: string): readonly (readonly [name: string, value: number])[] | undefined {
  if (!/^(?:[a-z]+\d+){2,}$/i.test(text)) return undefined
  return Array.from(text.matchAll(/([a-z]+)(\d+)/gi), ([, name = '', value]) => [name.toLowerCase(), Number(value)])
}

/**
 * Returns the points of a sweep from `from` to `to`. From one point to the next, each setting changes by one or not at
 * all.
 */
function together(from: string, to: string, refuse: Refuse): readonly SweepPoint[] {
  const [first = [], last = []] = [togetherOf(from), togetherOf(to)]
  const named = (settings: typeof first): string => settings.map(([name]) => name).join(' ')
  if (named(first) !== named(last)) return refuse(`${from} and ${to} do not name the same settings.`)
  const moves = first.map(([, value], i) => (last[i]?.[1] ?? value) - value)
  const steps = Math.max(...moves.map(Math.abs))
  if (moves.some((move) => move !== 0 && Math.abs(move) !== steps))
    return refuse(`from ${from} to ${to}, the settings do not all change by the same amount.`)
  if (steps >= MOST_VALUES) return refuse(`these are ${steps + 1} values, and at most ${MOST_VALUES} are compared.`)
  return Array.from({ length: steps + 1 }, (_, step) =>
    pointFor(first.map(([name, value], i) => [name, value + step * Math.sign(moves[i] ?? 0)])),
  )
}

function pointOf(subject: string, text: string): SweepPoint {
  const settings = togetherOf(text)
  return settings === undefined ? { label: text, settings: [[subject, settingValue(text)]] } : pointFor(settings)
}

const pointFor = (settings: SweepPoint['settings']): SweepPoint => ({
  label: settings.map(([name, value]) => `${name}=${value}`).join(' '),
  settings,
})

const settingValue = (text: string): SettingValue =>
  text === 'true' ? true : text === 'false' ? false : text !== '' && Number.isFinite(Number(text)) ? Number(text) : text
