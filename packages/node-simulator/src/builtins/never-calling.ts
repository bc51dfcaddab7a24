import { turn } from '../world/life.ts'

type Class = abstract new (callback: never) => object

/** The class, whose instances never call back if a simulated program makes them. */
export const neverCalling = <Original extends Class>(original: Original): Original =>
  new Proxy(original, {
    construct: (target, [callback], made) =>
      Reflect.construct(target, [turn.life === undefined ? callback : () => {}], made as () => void) as object,
  })
