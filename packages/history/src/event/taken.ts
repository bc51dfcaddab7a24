/** A member of the file's lines, with its role. */
export interface Taken {
  readonly member: string
  readonly as: string
  /** The number of lines in which the member has the role. `of` is the number of all lines. */
  readonly count: number
  readonly of: number
  /** The different words, each with its count; empty if there are many. */
  readonly words: readonly (readonly [word: string, count: number])[]
}

/** Describes the role of a member: `"result" is the outcome: ok in 811, timeout in 1 of 812`. */
export function takenText({ member, as, count, of, words }: Taken): string {
  const name = JSON.stringify(member)
  if (as === 'nothing') return `${name} is not used (${count} of ${of})`
  if (words.length === 0) return `${name} is ${as} in ${count} of ${of}`
  return `${name} is ${as}: ${words.map(([word, times]) => `${word} in ${times}`).join(', ')} of ${of}`
}
