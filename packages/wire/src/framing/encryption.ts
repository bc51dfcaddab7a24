/** How the two sides of a protocol agree to encrypt a connection that begins in plaintext. */
export interface Encryption {
  /**
   * The start of a connection, and its length: `tls` and `other` are requests to encrypt, by TLS or in another way,
   * that wait for a reply; `hello` is a TLS handshake without a request; `nothing`: the client continues in plaintext.
   * Undefined if more bytes are needed.
   */
  begins(
    bytes: Buffer,
  ): { readonly kind: 'tls' | 'other' | 'hello' | 'nothing'; readonly sizeBytes: number } | undefined
  /** Asks a server for TLS. */
  readonly request: Buffer
  /** The possible replies, all of the same length. */
  readonly accepted: Buffer
  readonly declined: Buffer
  /** The protocol that TLS negotiates (ALPN) between the two. */
  readonly protocol: string
  /**
   * For a connection on which TLS is terminated and originated, so that no password can be bound to the server's
   * certificate. Calls `bound` if a client insists, so that the server refuses it.
   */
  unbinding(bound: () => void): Starts
}

/** How the first bytes of each direction are rewritten. */
export interface Starts {
  readonly requests?: Unbinding | undefined
  readonly responses: Unbinding
}

/** Removes offers from what a server says first, such as login mechanisms that are bound to its own TLS. */
export interface Unbinding {
  /** The bytes to pass on. Some may be held until more have come. */
  rewritten(bytes: Buffer): Buffer
  /** Whether no such offer can follow. */
  readonly isOver: boolean
}
