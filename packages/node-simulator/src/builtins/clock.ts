import { performance } from 'node:perf_hooks'
import { turn } from '../world/life.ts'

const RealDate = Date

/** `Date` of the running program; the real `Date` if no program runs. */
function makeDate(): DateConstructor {
  function now(): number {
    const { life } = turn
    return life === undefined ? realNow() : Math.floor(life.wallMs())
  }
  const realNow = RealDate.now
  function SimulatedDate(this: unknown, ...args: unknown[]): unknown {
    if (new.target === undefined) return new RealDate(now()).toString()
    return Reflect.construct(RealDate, args.length === 0 ? [now()] : args, new.target)
  }
  return Object.assign(SimulatedDate, {
    prototype: RealDate.prototype,
    now,
    parse: RealDate.parse,
    UTC: RealDate.UTC,
  }) as unknown as DateConstructor
}

export const simulatedDate: DateConstructor = makeDate()

/** `performance` of a program: its own time, counted from its start. */
export const simulatedPerformance: object = new Proxy(performance, {
  get(target, name) {
    const { life } = turn
    if (life !== undefined) {
      if (name === 'now') return () => life.steadyMs()
      if (name === 'timeOrigin') return life.world.epochMs + life.startedAt / 1e6
    }
    const value: unknown = Reflect.get(target, name)
    return typeof value === 'function' ? value.bind(target) : value
  },
})
