// False proofs, each written by hand against one rule of a guarantee. Each comes with two histories that differ only in
// what the rule concerns. For the first history, the proof is false; for the second, it is accepted.

export interface More {
  readonly key?: string
  readonly final?: boolean
  /** In ms. */
  readonly at?: number
}

export type Line = readonly [
  process: number,
  f: string,
  input: unknown,
  type: 'ok' | 'fail' | 'info',
  output?: unknown,
  more?: More,
]

/** The history of operations that do not overlap. Operation n is called on line 2n - 1. */
export const inTurn = (lines: readonly Line[]): string =>
  lines
    .flatMap(([process, f, input, type, output = input, { key, final, at } = {}]) => {
      const of = { process, f, key, final, time: at === undefined ? undefined : at * 1e6 }
      return [
        { ...of, type: 'invoke', value: input },
        { ...of, type, value: output },
      ]
    })
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('')
export const violated = (level: string, ...core: readonly number[]) => ({ level, result: 'violated', core })
export const met = (level: string) => ({ level, result: 'met', whole: true })

/** The proof is false for the history `isFalse`, and true for `isTrue`. `start`: initial content of `isFalse` only. */
export type Attack = readonly [
  what: string,
  proof: object,
  isFalse: readonly Line[],
  isTrue: readonly Line[],
  start?: { readonly initial?: readonly unknown[] },
]
