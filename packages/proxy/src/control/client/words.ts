/** The names of options in error messages. */
export interface ControlWords {
  readonly host: string
  /** The ways to give a token: `--token, or CHAOS_TOKEN`. */
  readonly token: string
  readonly authorities: string
}
