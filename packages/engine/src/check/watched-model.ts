import type { Model } from '@chaosproxy/checker'
import { countCall, enter, type Progress } from '@chaosproxy/targets/watchdog'

const WITHIN = 1

/**
 * The number of consecutive polls that may find the same call running. A call that runs longer is stopped. Calls
 * normally take microseconds.
 */
export const LOOKS_AT_MODELS = 20

/** Returns a model that passes each call to `model`, and notes the beginning and the end of the call in `progress`. */
export function watchedModel(model: Model<unknown>, progress: Progress): Model<unknown> {
  const call = <Result>(compute: () => Result): Result => {
    countCall(progress)
    const before = enter(progress, WITHIN)
    try {
      return compute()
    } finally {
      enter(progress, before)
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
