import { knownName } from '@chaosproxy/engine'

/** The name typed, if it is one of `known`; otherwise a usage error that suggests the nearest. */
export const oneOf = <Name extends string>(option: string, what: string, typed: string, known: readonly Name[]): Name =>
  knownName(`--${option} ${typed}`, what, typed, known)
