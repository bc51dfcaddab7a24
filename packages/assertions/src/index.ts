/** Values to report with a failed assertion. */
export interface Details {
  readonly [name: string]: unknown
}

type Kind = 'always' | 'sometimes' | 'reachable' | 'unreachable'
type Hear = (kind: Kind, holds: boolean, name: string, details: Details | undefined) => void

/** The simulator registers its listener under this symbol. Outside a simulation there is no listener. */
const LISTENER = Symbol.for('chaosproxy.assertions')

function tell(kind: Kind, holds: boolean, name: string, details?: Details): void {
  const hear = (globalThis as { readonly [listener: symbol]: Hear | undefined })[LISTENER]
  hear?.(kind, holds, name, details)
}

/** Fails a simulated run in which `condition` is false at this call. Does nothing outside a simulation. */
export const always = (condition: boolean, name: string, details?: Details): void =>
  tell('always', condition, name, details)

/** A search reports `name` as missed if `condition` was never true at this call. Does nothing outside a simulation. */
export const sometimes = (condition: boolean, name: string): void => tell('sometimes', condition, name)

/** A search reports `name` as missed if no run made this call. Does nothing outside a simulation. */
export const reachable = (name: string): void => tell('reachable', true, name)

/** Fails a simulated run that makes this call. Does nothing outside a simulation. */
export const unreachable = (name: string, details?: Details): void => tell('unreachable', false, name, details)
