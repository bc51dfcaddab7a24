import { refuse } from '../errors.ts'
import { powerOf } from '../operators.ts'
import type { LuaTable } from '../table.ts'
import { NO_RESULTS } from '../values.ts'
import { type Arguments, libraryTable, named } from './arguments.ts'

const MOST = 2 ** 31 - 1

/** Random numbers from the server's seeded stream, or from a script's own seed (`redisLrand48`). */
export class ScriptRandom {
  #state: bigint | undefined
  readonly #draw: () => number

  /** `draw` returns numbers uniform in [0, 1). */
  constructor(draw: () => number) {
    this.#draw = draw
  }

  /**
   * Sets the seed of the script's random numbers. If `value` is undefined, the server's random numbers are used again.
   */
  seed(value: number | undefined): void {
    this.#state = value === undefined ? undefined : (BigInt.asUintN(32, BigInt(Math.trunc(value))) << 16n) | 0x330en
  }

  next(): number {
    if (this.#state === undefined) return this.#draw()
    this.#state = BigInt.asUintN(48, this.#state * 0x5deece66dn + 0xbn)
    return (Number(this.#state >> 17n) % MOST) / MOST
  }
}

function draw(args: Arguments, random: ScriptRandom): number {
  const fraction = random.next()
  const { length } = args.values
  if (length === 0) return fraction
  if (length > 2) return refuse('math.random with more than two arguments')
  const [least, most] = length === 1 ? [1, args.integer(0)] : [args.integer(0), args.integer(1)]
  if (least > most) args.bad(length - 1, 'interval is empty')
  return Math.floor(fraction * (most - least + 1)) + least
}

function split(value: number): readonly [mantissa: number, exponent: number] {
  if (value === 0 || !Number.isFinite(value)) return [value, 0]
  let exponent = Math.max(-1_073, Math.floor(Math.log2(Math.abs(value))) + 1)
  let mantissa = value / 2 ** Math.min(exponent, 1_000) / 2 ** Math.max(0, exponent - 1_000)
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2
    exponent++
  }
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2
    exponent--
  }
  return [mantissa, exponent]
}

/** Functions of one number that JavaScript has under the same names. */
const SINGLE = [
  ...(['abs', 'acos', 'asin', 'atan', 'ceil', 'cos', 'cosh', 'exp', 'floor', 'log', 'log10'] as const),
  ...(['sin', 'sinh', 'sqrt', 'tan', 'tanh'] as const),
]

const most = (args: Arguments, isBetter: (one: number, other: number) => boolean): number => {
  let best = args.number(0)
  for (let i = 1; i < args.values.length; i++) {
    const value = args.number(i)
    if (isBetter(value, best)) best = value
  }
  return best
}

export const mathLibrary = (random: ScriptRandom): LuaTable =>
  libraryTable(
    named(
      {
        ...Object.fromEntries(SINGLE.map((name) => [name, (args: Arguments) => Math[name](args.number(0))])),
        deg: (args) => args.number(0) / (Math.PI / 180),
        rad: (args) => args.number(0) * (Math.PI / 180),
        atan2: (args) => Math.atan2(args.number(0), args.number(1)),
        fmod: (args) => args.number(0) % args.number(1),
        mod: (args) => args.number(0) % args.number(1),
        pow: (args) => powerOf(args.number(0), args.number(1)),
        ldexp: (args) => args.number(0) * 2 ** args.integer(1),
        max: (args) => most(args, (one, other) => one > other),
        min: (args) => most(args, (one, other) => one < other),
        random: (args) => draw(args, random),
      },
      {
        frexp: (args) => split(args.number(0)),
        modf: (args) => {
          const value = args.number(0)
          const whole = Math.trunc(value)
          return [whole, Number.isFinite(value) ? value - whole : Number.isNaN(value) ? value : 0]
        },
        randomseed: (args) => {
          random.seed(args.integer(0))
          return NO_RESULTS
        },
      },
    ),
    { pi: Math.PI, huge: Number.POSITIVE_INFINITY },
  )
