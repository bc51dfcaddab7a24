/** How client and server agree to encrypt a connection that begins in plaintext. */
export interface Encryption {
  /**
   * Reads the start of a connection. `tls` and `other` request encryption and wait for a reply. `hello` begins a TLS
   * handshake without a request. `nothing` continues in plaintext. Undefined if more bytes are needed.
   */
  begins(
    bytes: Buffer,
  ): { readonly kind: 'tls' | 'other' | 'hello' | 'nothing'; readonly sizeBytes: number } | undefined
  /** The client's request for TLS. */
  readonly request: Buffer
  /** The server's replies if it accepts or declines TLS. Both have the same length. */
  readonly accepted: Buffer
  readonly declined: Buffer
  /** The protocol that TLS negotiates (ALPN). */
  readonly protocol: string
  /**
   * Rewrites the start of a connection whose TLS ends at the proxy. Removes the server's login mechanisms that bind the
   * password to the server's certificate, because the client sees the proxy's certificate. Calls `bound` if a mechanism
   * was removed although the client supports it. The server then refuses the login.
   */
  unbinding(bound: () => void): Starts
}

export interface Starts {
  readonly requests?: Unbinding | undefined
  readonly responses: Unbinding
}

/** Removes a server's offers, such as login mechanisms that are bound to its own TLS. */
export interface Unbinding {
  /** Returns the bytes to pass on. Some may be held until more arrive. */
  rewritten(bytes: Buffer): Buffer
  /** Whether all bytes to rewrite have passed. Later bytes are passed on without `rewritten`. */
  readonly isOver: boolean
}
