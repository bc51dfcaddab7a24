// Checks that reading twice as much takes at most twice as long, whatever a peer sends. The inputs are random texts of
// repeated and nested parts.

/**
 * To read a text of twice the length, a parser may take at most this many times as long. The limit is above 2 because
 * measurements are noisy, and below 4 because a quadratic parser takes four times as long.
 */
const MOST_GROWTH = 3
/** The longest time that a chunk may block all other connections, in milliseconds. */
export const LONGEST_MS = 50
/** The shortest time that is compared, in milliseconds. */
const LEAST_MS = 12
const LONGEST_TEXT = 32 * 1024
const FORMS = process.env['CHAOS_SOAK'] === 'short' ? 150 : 3_000
/** The search ends after this many problems. */
const MOST_TROUBLES = 5

/** The parts of random texts: beginnings, pairs that enclose other parts, separators, and innermost parts. */
export interface Parts {
  readonly begins: readonly string[]
  readonly around: readonly (readonly [before: string, after: string])[]
  readonly between: readonly string[]
  readonly innermost: readonly string[]
}

/** How long it took to read a whole text, and the slowest of its chunks. */
export interface Duration {
  readonly ms: number
  readonly longestMs: number
}

/** Reads a text on a new connection, and measures the time. @throws what the parser throws */
export type Read = (text: string) => Promise<Duration>

/**
 * Runs these steps one after another, and returns their processor time. A busy machine does not increase this time
 * much.
 */
export function timed(steps: Iterable<() => void>): Duration {
  let [ms, longestMs] = [0, 0]
  for (const step of steps) {
    const begun = process.cpuUsage()
    step()
    const { user, system } = process.cpuUsage(begun)
    const tookMs = (user + system) / 1_000
    ms += tookMs
    longestMs = Math.max(longestMs, tookMs)
  }
  return { ms, longestMs }
}

/** Returns the text in which a certain part is repeated this many times. */
type Form = (times: number) => string

function formOf({ begins, around, between, innermost }: Parts, random: (below: number) => number): Form {
  const drawn = <Part>(parts: readonly Part[]): Part => parts[random(parts.length)]!
  const [begin, joint, inner] = [drawn(begins), drawn(between), drawn(innermost)]
  const layers = Array.from({ length: 1 + random(3) }, () => drawn(around))
  const before = layers.map(([each]) => each).join('')
  const after = layers
    .toReversed()
    .map(([, each]) => each)
    .join('')
  switch (random(5)) {
    case 0:
      return (times) => `${begin}${before.repeat(times)}${inner}`
    case 1:
      return (times) => `${begin}${Array.from({ length: times }, () => `${before}${inner}${after}`).join(joint)}`
    case 2: {
      const pieces = [...around.flat(), ...between, ...innermost, ...begins]
      const unit = Array.from({ length: 1 + random(6) }, () => drawn(pieces)).join('')
      return (times) => `${begin}${unit.repeat(times)}${inner}`
    }
    default:
      return (times) => `${begin}${before.repeat(times)}${inner}${after.repeat(times)}`
  }
}

/** Reads every text once in each round. Returns the shortest times of each text. */
async function quickest(read: Read, texts: readonly string[], rounds: number): Promise<readonly Duration[]> {
  const least: Duration[] = []
  for (let i = 0; i < rounds; i++)
    for (const [at, text] of texts.entries()) {
      const { ms, longestMs } = await read(text)
      const before = least[at]
      least[at] = { ms: Math.min(before?.ms ?? ms, ms), longestMs: Math.min(before?.longestMs ?? longestMs, longestMs) }
    }
  return least
}

/** Whether four times the text takes too long: more than `MOST_GROWTH` times as long per doubling. */
const isMoreThanLinear = (ms: number, ofFourTimesMs: number): boolean => ofFourTimesMs > MOST_GROWTH ** 2 * ms

/**
 * Tests a parser with texts of this form, each twice as long as the one before. Returns a description of the first text
 * that is slow to read. Undefined if no text is slow.
 */
async function troubleWith(read: Read, form: Form): Promise<string | undefined> {
  // Compare with a text a quarter as long. Over two doublings, the growth is larger than the noise of the measurement.
  const before = [0, 0]
  for (let times = 1; ; times *= 2) {
    const text = form(times)
    if (text.length > LONGEST_TEXT || times > LONGEST_TEXT) return undefined
    let took = await read(text)
    let quarterMs = before.shift() ?? 0
    const isBlocking = (): boolean => took.longestMs > LONGEST_MS
    const grows = (): boolean => took.ms > LEAST_MS && times > 2 && isMoreThanLinear(quarterMs, took.ms)
    if (isBlocking() || grows()) {
      const [whole, quarter] = await quickest(read, [text, form(times / 4)], 9)
      took = whole!
      quarterMs = quarter!.ms
    }
    const trouble = `${quarterMs.toFixed(1)} ms, four times the text ${took.ms.toFixed(1)} ms: ${shortened(text)}`
    if (isBlocking()) return trouble
    if (grows()) {
      // A garbage collection may have slowed this measurement. So also read a text four times as long: a slow parser is
      // slow for that text, too. A parser that reads the longer text faster has refused it for its length, so this
      // measurement counts.
      const [longer] = await quickest(read, [form(times * 4)], 3)
      if (longer!.ms < took.ms || isMoreThanLinear(took.ms, longer!.ms)) return trouble
    }
    before.push(took.ms)
  }
}

const shortened = (text: string): string => JSON.stringify(`${text.slice(0, 120)} … ${text.slice(-60)}`)

const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/**
 * Tests a parser with random texts that are made of these parts. Returns a description of each slow text: the time
 * grows too fast with the length, or one chunk takes too long.
 *
 * @throws Error with the text, if the parser throws
 */
export async function troublesOf(parts: Parts, read: Read, seed: number): Promise<readonly string[]> {
  const random = randomFrom(seed)
  const found: string[] = []
  const reading: Read = async (text) => {
    try {
      return await read(text)
    } catch (error) {
      throw new Error(`reading ${JSON.stringify(text.slice(0, 500))}`, { cause: error })
    }
  }
  for (let i = 0; i < FORMS && found.length < MOST_TROUBLES; i++) {
    const trouble = await troubleWith(reading, formOf(parts, random))
    if (trouble !== undefined) found.push(trouble)
  }
  return found
}
