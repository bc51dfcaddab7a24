import { NotSimulated } from '../refusal.ts'

/** Returns a class that may be extended, but not instantiated. */
function refusedClass(what: string, because: string, instead: string): unknown {
  function Refused(): never {
    throw new NotSimulated(what, because, instead)
  }
  return Refused
}

/** Why native code is refused, and what to do instead. */
export const NATIVE_CODE = [
  'is native code, whose files and threads the simulator cannot see',
  'Put it behind an interface, or run the real program with chaos run.',
] as const

const isData = (value: unknown): boolean => typeof value !== 'function'

/** Returns a module whose calls are refused. Packages load modules that they never use. */
export const refusedModule = (
  name: string,
  real: { readonly [member: string]: unknown },
  because: string,
  instead: string,
): { [member: string]: unknown } =>
  Object.fromEntries(
    Object.entries(real).map(([member, value]) => [
      member,
      isData(value) ? value : refusedClass(`${name}.${member}`, because, instead),
    ]),
  )

export const refusedFunction = (what: string, because: string, instead: string) => (): never => {
  throw new NotSimulated(what, because, instead)
}
