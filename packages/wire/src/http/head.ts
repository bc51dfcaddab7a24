export interface Fields {
  get(name: string): string | undefined
}

export interface MatchableHead {
  readonly method: string
  /** The request target as sent, with bytes as Latin-1. */
  readonly target: string
  readonly headers: Fields
}
