import { installAmbient } from '../builtins/ambient.ts'
import { type Intrinsics, noteIntrinsics } from './intrinsics.ts'

/** The globals of this process, once the simulator's own have taken their places. */
interface TakenGlobals {
  readonly intrinsics: Intrinsics
  giveBack(): void
}

function take(): TakenGlobals {
  const giveBack = installAmbient()
  return { intrinsics: noteIntrinsics(), giveBack }
}

/** Runs that follow one another without anything in between keep what the first of them took. */
let series: { taken: TakenGlobals | undefined } | undefined

/** Takes the globals for a run: to be given back when it is over. */
export function takeGlobals(): TakenGlobals {
  if (series === undefined) return take()
  series.taken ??= take()
  return { ...series.taken, giveBack() {} }
}

/**
 * Runs this where promises can be run to their end, which is not so in an async function. All that it runs takes the
 * globals of this process once, which are given back at its end.
 */
export const outsidePromises = <T>(run: () => T): Promise<T> =>
  new Promise((resolve, reject) => {
    setImmediate(() => {
      series = { taken: undefined }
      try {
        resolve(run())
      } catch (error) {
        reject(error)
      } finally {
        series.taken?.giveBack()
        series = undefined
      }
    })
  })
