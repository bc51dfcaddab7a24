import { numberText } from './numbers.ts'
import { JSON_NULL, LuaError, type LuaValue, typeName } from './values.ts'

/** The name of every script in errors and stack traces, as in Redis. */
export const CHUNK = 'user_script'

/** Raises an error at the current line, as Lua does for its own errors. */
export function fail(message: string): never {
  const line = lineOfCaller()
  throw new LuaError(`${CHUNK}:${line}: ${message}`, line)
}

export class ArgumentError extends LuaError {
  readonly at: number
  readonly of: string
  readonly what: string

  constructor(at: number, of: string, what: string, line: number | undefined) {
    super(`${CHUNK}:${line}: bad argument #${at} to '${of}' (${what})`, line)
    this.at = at
    this.of = of
    this.what = what
  }
}

/** Raises an error for argument number `at`, counted from 1. */
export function badArgument(at: number, of: string, what: string): never {
  throw new ArgumentError(at, of, what, lineOfCaller())
}

/** Thrown to end the run, because a script used a feature that is not implemented. */
export class ScriptRefusal extends Error {
  override readonly name: string = 'ScriptRefusal'
  readonly what: string
  /** The reason, as the end of a sentence that begins with "it". */
  readonly because: string | undefined
  readonly line: number | undefined

  constructor(what: string, because: string | undefined, line: number | undefined) {
    super(what)
    this.what = what
    this.because = because
    this.line = line
  }
}

export function refuse(what: string, because?: string): never {
  throw new ScriptRefusal(what, because, lineOfCaller())
}

/**
 * Returns the line that the script's innermost function is executing. With level 2, returns the line of that function's
 * caller. Compiled code keeps the lines of the script.
 */
export function lineOfCaller(level = 1): number | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error
  try {
    Error.stackTraceLimit = 50
    Error.prepareStackTrace = (_, sites) => sites
    const sites = new Error().stack as unknown as readonly NodeJS.CallSite[]
    const lines = sites.filter((site) => site.getFileName() === CHUNK).map((site) => site.getLineNumber())
    return lines[level - 1] ?? undefined
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    Error.prepareStackTrace = prepareStackTrace
  }
}

/** Raises the error for an operand, described by `named`: `local 'x'`. */
export function badOperand(does: string, value: LuaValue, named: string | undefined): never {
  const type = typeName(value)
  return fail(`attempt to ${does} ${named === undefined ? `a ${type} value` : `${named} (a ${type} value)`}`)
}

export function plainText(value: LuaValue): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return numberText(value)
  if (value === undefined || typeof value === 'boolean') return String(value ?? 'nil')
  if (value === JSON_NULL) return 'userdata: (nil)'
  return refuse(`the text of a ${typeName(value)}`, 'is an address, which no seed controls')
}
