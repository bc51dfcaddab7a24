export interface Fields {
  get(name: string): string | undefined
}

export interface MatchableHead {
  readonly method: string
  /** The request target as sent, one Latin-1 character for each byte. */
  readonly target: string
  readonly headers: Fields
}
