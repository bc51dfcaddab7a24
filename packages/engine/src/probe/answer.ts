import type { ProbeAnswer } from '@chaosproxy/runner/result'

/** Far more than a probe needs to print. */
export const MOST_ANSWER_BYTES = 1_000_000

export const late = (withinMs: number): ProbeAnswer => ({
  why: `no answer within ${withinMs < 1000 ? `${withinMs} ms` : `${withinMs / 1000} s`}`,
})

/** The first number in a text. */
export function numberIn(text: string, what: string): ProbeAnswer {
  const [digits] = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/i.exec(text) ?? []
  return digits === undefined ? { why: `${what} has no number: ${shortened(text)}` } : { value: Number(digits) }
}

const MOST_SHOWN = 60

export function shortened(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ')
  if (line === '') return 'it is empty'
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN - 1)}…` : line
}
