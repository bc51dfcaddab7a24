/** How client and server agree to encrypt a connection that begins in plaintext. */
export interface Encryption {
  /**
   * Reads the start of a connection. `tls` and `other` request encryption, by TLS or in another way, and wait for a
   * reply. `hello` begins a TLS handshake without a request. `nothing` means that the client continues in plaintext.
   * Undefined if more bytes are needed.
   */
  begins(
    bytes: Buffer,
  ): { readonly kind: 'tls' | 'other' | 'hello' | 'nothing'; readonly sizeBytes: number } | undefined
  /** The client's request for TLS. */
  readonly request: Buffer
  /** The server's possible replies, all of the same length. */
  readonly accepted: Buffer
  readonly declined: Buffer
  /** The protocol that TLS negotiates between client and server (ALPN). */
  readonly protocol: string
  /**
   * Rewrites the start of a connection on which TLS is both terminated and originated, so that no password is bound to
   * the server's certificate. Calls `bound` if the client would have bound its password, because the server then
   * refuses the login.
   */
  unbinding(bound: () => void): Starts
}

/** Rewriting of the first bytes of each direction. */
export interface Starts {
  readonly requests?: Unbinding | undefined
  readonly responses: Unbinding
}

/** Removes offers from a server's first bytes, such as login mechanisms that are bound to its own TLS. */
export interface Unbinding {
  /** Returns the bytes to pass on. Some bytes may be held until more arrive. */
  rewritten(bytes: Buffer): Buffer
  /** Whether all offers have been seen. */
  readonly isOver: boolean
}
