/** The names of options in messages. */
export interface ControlWords {
  /** The option before an invalid address: `--host`. */
  readonly host: string
  /** How to give a token: `--token, or CHAOS_TOKEN`. */
  readonly token: string
  /** How to trust a certificate: `--ca FILE`. */
  readonly authorities: string
}
