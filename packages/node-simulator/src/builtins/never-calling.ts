import { turn } from '../world/life.ts'

type Class = abstract new (callback: never) => object

/** Returns the class; its instances never call back if a simulated program creates them. */
export const neverCalling = <Original extends Class>(original: Original): Original =>
  new Proxy(original, {
    construct: (target, [callback], made) =>
      Reflect.construct(target, [turn.life === undefined ? callback : () => {}], made as () => void) as object,
  })
