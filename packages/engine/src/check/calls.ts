import type { Model } from '@chaosproxy/checker'

/** Counts a thread's calls of the user's functions, in memory that the pool can read. */
export interface Calls {
  readonly counts: Int32Array
}

const BEGUN = 0
const ENDED = 1

/** A call that takes longer is taken to be stuck: a step of a model takes microseconds. */
const LONGEST_CALL_MS = 5_000
const LOOK_EVERY_MS = 250

export const createCalls = (): Calls => ({
  counts: new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)),
})

export const isWithinCall = ({ counts }: Calls): boolean => Atomics.load(counts, BEGUN) !== Atomics.load(counts, ENDED)

/** Calls `stuck` once a single call has lasted too long. Call the result to stop watching. */
export function whenStuck(calls: Calls, stuck: () => void): () => void {
  let begun = -1
  let since = performance.now()
  const timer = setInterval(() => {
    const now = Atomics.load(calls.counts, BEGUN)
    if (now !== begun || !isWithinCall(calls)) {
      begun = now
      since = performance.now()
    } else if (performance.now() - since > LONGEST_CALL_MS) stuck()
  }, LOOK_EVERY_MS)
  return () => clearInterval(timer)
}

/** The same model, with its calls counted. */
export function counted(model: Model<unknown>, { counts }: Calls): Model<unknown> {
  const call = <Result>(ask: () => Result): Result => {
    counts[BEGUN] = (counts[BEGUN] ?? 0) + 1
    try {
      return ask()
    } finally {
      counts[ENDED] = (counts[ENDED] ?? 0) + 1
    }
  }
  const { name, initial, summary, aliases, functions, reads, perProcess, integers } = model
  return {
    name,
    initial,
    ...(summary === undefined ? {} : { summary }),
    ...(aliases === undefined ? {} : { aliases }),
    ...(functions === undefined ? {} : { functions }),
    ...(reads === undefined ? {} : { reads }),
    ...(perProcess === undefined ? {} : { perProcess }),
    apply: (state, input) => call(() => model.apply(state, input)),
    key: (state) => call(() => model.key(state)),
    ...(model.from === undefined ? {} : { from: (given) => call(() => model.from?.(given)) }),
    ...(model.shard === undefined ? {} : { shard: (input) => call(() => model.shard?.(input) as string) }),
    ...(integers === undefined
      ? {}
      : {
          integers: {
            initial: integers.initial,
            encode: (input, output) => call(() => integers.encode(input, output)),
            step: (state, operation) => call(() => integers.step(state, operation)),
          },
        }),
  }
}
