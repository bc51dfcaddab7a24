import { turn } from '../world/life.ts'

type Class = abstract new (callback: never) => object

/**
 * Returns a class like the original. If a simulated program creates an instance, the instance never calls the program's
 * callback.
 */
export const neverCalling = <Original extends Class>(original: Original): Original =>
  new Proxy(original, {
    construct: (target, [callback], made) =>
      Reflect.construct(target, [turn.life === undefined ? callback : () => {}], made as () => void) as object,
  })
