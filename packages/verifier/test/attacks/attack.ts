// Proofs of what is false, each made by hand against one rule of a guarantee. Each stands beside a history that differs in
// that one thing, and of which the same proof is accepted.

export interface More {
  readonly key?: string
  readonly final?: boolean
  /** In ms. */
  readonly at?: number
}

export type Line = readonly [
  process: number,
  f: string,
  asked: unknown,
  type: 'ok' | 'fail' | 'info',
  told?: unknown,
  more?: More,
]

/** Each operation returns before the next is called: operation n is called on line 2n - 1. */
export const inTurn = (lines: readonly Line[]): string =>
  lines
    .flatMap(([process, f, asked, type, told = asked, { key, final, at } = {}]) => {
      const of = { process, f, key, final, time: at === undefined ? undefined : at * 1e6 }
      return [
        { ...of, type: 'invoke', value: asked },
        { ...of, type, value: told },
      ]
    })
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('')
export const violated = (level: string, ...core: readonly number[]) => ({ level, result: 'violated', core })
export const met = (level: string) => ({ level, result: 'met', whole: true })

/** `start`: what was there at first where the proof is false, nothing where it is true. */
export type Attack = readonly [
  what: string,
  proof: object,
  isFalse: readonly Line[],
  isTrue: readonly Line[],
  start?: { readonly initial?: readonly unknown[] },
]
