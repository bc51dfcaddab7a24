/** The names of options in error messages. */
export interface ControlWords {
  /** The option for the address: `--host`. */
  readonly host: string
  /** The ways to give a token: `--token, or CHAOS_TOKEN`. */
  readonly token: string
  /** The option that adds a certificate: `--ca FILE`. */
  readonly authorities: string
}
