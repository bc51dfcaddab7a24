/** How two sides of a protocol agree to go on encrypted, where a connection does not begin so. */
export interface Encryption {
  /**
   * What a connection begins with, and how many bytes of it: `tls` and `other` are requests to encrypt, by TLS or in
   * another way, that await an answer; `hello` is a handshake of TLS without a request; `nothing`: the client goes on in
   * plaintext. Undefined if that takes more bytes.
   */
  begins(
    bytes: Buffer,
  ): { readonly kind: 'tls' | 'other' | 'hello' | 'nothing'; readonly sizeBytes: number } | undefined
  /** Asks a server for TLS. */
  readonly request: Buffer
  /** The answers, which are all of the same length. */
  readonly accepted: Buffer
  readonly declined: Buffer
  /** What TLS is to negotiate (ALPN) between the two. */
  readonly protocol: string
  /** For a connection on whose way TLS ends and begins anew, where no password can be bound to the server's certificate. */
  unbinding(): Unbinding
}

/** Takes from what a server says the offers of ways to log in that hold for its own TLS only. */
export interface Unbinding {
  /** What is to be passed on: some bytes may be kept until more have come. */
  rewritten(bytes: Buffer): Buffer
  /** Whether nothing of the kind can follow. */
  readonly isOver: boolean
}
