/** A file of the folder that was examined, by its path relative to the folder. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export type FoundPort =
  | { readonly by: 'variable'; readonly name: string }
  /** The command contains the placeholder {port}. */
  | { readonly by: 'command' }
  | { readonly by: 'source'; readonly port: number; readonly where: string }
  | { readonly by: 'unknown' }

export interface FoundProgram {
  readonly where: string
  readonly kind: string
  readonly command: string
  readonly environment: { readonly [name: string]: string }
  readonly port: FoundPort
  readonly entry: string
  /** The file that the command starts, if it does not exist. */
  readonly missing?: string | undefined
}

/** A path at which a service stores objects, each read by GET and written as a whole. */
export interface FoundRoutes {
  readonly path: string
  readonly write: WriteMethod
  /** Where requests and responses hold the value; undefined if the source does not show it. */
  readonly value: string | undefined
  readonly result: string | undefined
  /** The place in the source: `server.js:12`. */
  readonly where: string
  /** The form of the accepted object names, such as `{number}`. Absent if any name is accepted. */
  readonly keys?: string | undefined
}

export const WRITE_METHODS = ['PUT', 'POST', 'PATCH'] as const
export type WriteMethod = (typeof WRITE_METHODS)[number]

export interface ComposedService {
  readonly name: string
  /** Undefined if Compose builds the image from the project's files. */
  readonly image: string | undefined
  readonly ports: readonly string[]
}
