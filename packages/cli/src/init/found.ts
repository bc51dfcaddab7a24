/** A file of the folder that was looked at, by its path from there. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** How a service learns its port. */
export type FoundPort =
  /** By a variable, such as PORT. */
  | { readonly by: 'variable'; readonly name: string }
  /** By the command, which has {port} in it. */
  | { readonly by: 'command' }
  /** Not at all: it is written in the source. */
  | { readonly by: 'source'; readonly port: number; readonly where: string }
  | { readonly by: 'unknown' }

/** A service that a folder holds, and how it is started. */
export interface FoundProgram {
  /** What says how it is started: `package.json`. */
  readonly where: string
  /** Its framework or language: `express`. */
  readonly kind: string
  readonly command: string
  readonly environment: { readonly [name: string]: string }
  readonly port: FoundPort
  /** The file it begins in. */
  readonly entry: string
}

/** A path at which a service keeps objects, each read by GET and written whole. */
export interface FoundRoutes {
  /** With {key} in it. */
  readonly path: string
  readonly write: WriteMethod
  /** Where a request has the value, and a response; undefined if that cannot be seen. */
  readonly value: string | undefined
  readonly result: string | undefined
  /** Where it was found: `server.js:12`. */
  readonly where: string
  /** The names of objects that it takes, if not any: `{number}`. */
  readonly keys?: string | undefined
}

export const WRITE_METHODS = ['PUT', 'POST', 'PATCH'] as const
export type WriteMethod = (typeof WRITE_METHODS)[number]

/** A service of a Compose file. */
export interface ComposedService {
  readonly name: string
  /** Undefined if it is built here. */
  readonly image: string | undefined
  /** The ports published on this machine. */
  readonly ports: readonly string[]
}
