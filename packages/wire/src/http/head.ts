export interface Fields {
  get(name: string): string | undefined
}

export interface MatchableHead {
  readonly method: string
  /** The request target as it was sent. Each byte becomes one Latin-1 character. */
  readonly target: string
  readonly headers: Fields
}
