import type { LuaTable } from '../table.ts'
import { type Arguments, libraryTable, named } from './arguments.ts'

/** Returns the lowest 32 bits, signed, as LuaJIT's library does. */
function bitsAt(args: Arguments, at: number): number {
  const value = args.number(at)
  if (!Number.isFinite(value)) return 0
  // Rounds to the nearest integer. Halves round to the even integer.
  const floor = Math.floor(value)
  const rest = value - floor
  const whole = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
  return Number(BigInt.asIntN(32, BigInt(whole)))
}

const all = (args: Arguments, join: (one: number, other: number) => number): number => {
  let value = bitsAt(args, 0)
  for (let i = 1; i < args.values.length; i++) value = join(value, bitsAt(args, i))
  return value
}

function hexadecimal(args: Arguments): string {
  const count = args.values[1] === undefined ? 8 : bitsAt(args, 1)
  const digits = (bitsAt(args, 0) >>> 0).toString(16).padStart(8, '0')
  const kept = digits.slice(8 - Math.min(8, Math.abs(count)))
  return count < 0 ? kept.toUpperCase() : kept
}

const swapped = (value: number): number =>
  (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)

export const bitLibrary: LuaTable = libraryTable(
  named({
    tobit: (args) => bitsAt(args, 0),
    bnot: (args) => ~bitsAt(args, 0),
    band: (args) => all(args, (one, other) => one & other),
    bor: (args) => all(args, (one, other) => one | other),
    bxor: (args) => all(args, (one, other) => one ^ other),
    lshift: (args) => bitsAt(args, 0) << bitsAt(args, 1),
    rshift: (args) => (bitsAt(args, 0) >>> bitsAt(args, 1)) | 0,
    arshift: (args) => bitsAt(args, 0) >> bitsAt(args, 1),
    rol: (args) => (bitsAt(args, 0) << bitsAt(args, 1)) | (bitsAt(args, 0) >>> -bitsAt(args, 1)),
    ror: (args) => (bitsAt(args, 0) >>> bitsAt(args, 1)) | (bitsAt(args, 0) << -bitsAt(args, 1)),
    bswap: (args) => swapped(bitsAt(args, 0)),
    tohex: hexadecimal,
  }),
)
