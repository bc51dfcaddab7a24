/** Values to report with a failed assertion. */
export interface Details {
  readonly [name: string]: unknown
}

type Kind = 'always' | 'sometimes' | 'reachable' | 'unreachable'
type Hear = (kind: Kind, holds: boolean, name: string, details: Details | undefined) => void

/** The simulator registers its listener here; elsewhere there is none. */
const LISTENER = Symbol.for('chaosproxy.assertions')

function tell(kind: Kind, holds: boolean, name: string, details?: Details): void {
  const hear = (globalThis as { readonly [listener: symbol]: Hear | undefined })[LISTENER]
  hear?.(kind, holds, name, details)
}

/** Fails a simulated run in which `condition` is false here. Does nothing elsewhere. */
export const always = (condition: boolean, name: string, details?: Details): void =>
  tell('always', condition, name, details)

/** Reported as missed by a search in which `condition` was never true here. Does nothing elsewhere. */
export const sometimes = (condition: boolean, name: string): void => tell('sometimes', condition, name)

/** Reported as missed by a search in which it was never called. Does nothing elsewhere. */
export const reachable = (name: string): void => tell('reachable', true, name)

/** Fails a simulated run in which it is called. Does nothing elsewhere. */
export const unreachable = (name: string, details?: Details): void => tell('unreachable', false, name, details)
