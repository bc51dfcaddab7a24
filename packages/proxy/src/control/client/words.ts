/** The names of options in error messages. */
export interface ControlWords {
  /** The option that an error message names for an invalid address: `--host`. */
  readonly host: string
  /** The ways to give a token: `--token, or CHAOS_TOKEN`. */
  readonly token: string
  /** The option that makes a certificate trusted: `--ca FILE`. */
  readonly authorities: string
}
