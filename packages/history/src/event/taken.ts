/** A member of the file's lines, with its role. */
export interface Taken {
  readonly member: string
  readonly as: string
  /** The number of lines in which the member has the role. `of` is the number of all lines. */
  readonly count: number
  readonly of: number
  /** The different words, each with its count; empty if there are many. */
  readonly words: readonly (readonly [word: string, count: number])[]
  /** The roles that no member has, and that this unused member may have. */
  readonly mayBe?: readonly ('process' | 'key')[]
}

/** The first unused member that may have a role. */
export const mayBe = (role: 'process' | 'key', taken: readonly Taken[] = []): string | undefined =>
  taken.find((each) => each.mayBe?.includes(role))?.member

/** Names the unused member that may be the key, and what settles it. */
export function keyWarning(taken: readonly Taken[]): string | undefined {
  const key = mayBe('key', taken)
  return key === undefined
    ? undefined
    : `no member names the key, and ${JSON.stringify(key)} is not used. If it is the key: --map key=${key}. If all operations are on one object: --map key=none`
}

/** Describes the role of a member: `"result" is the outcome: ok in 811, timeout in 1 of 812`. */
export function takenText({ member, as, count, of, words }: Taken): string {
  const name = JSON.stringify(member)
  if (as === 'nothing') return `${name} is not used (${count} of ${of})`
  if (words.length === 0) return `${name} is ${as} in ${count} of ${of}`
  return `${name} is ${as}: ${words.map(([word, times]) => `${word} in ${times}`).join(', ')} of ${of}`
}
