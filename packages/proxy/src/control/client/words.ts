/** How messages call what the client was given. */
export interface ControlWords {
  /** Before an address that is none: `--host`. */
  readonly host: string
  /** How to say which token to bring: `--token, or CHAOS_TOKEN`. */
  readonly token: string
  /** How to trust a certificate: `--ca FILE`. */
  readonly authorities: string
}
